import ArgumentParser
import FaultGallery
import Foundation
import GradientCheck

/// `tiecheck faults`.
struct FaultsCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "faults",
    abstract: "The gallery: bugs that people really had with tied weights.",
    discussion: """
      Without an id the gallery is listed. With one, its fault is put into a small model that can \
      have it, and the check that must convict it is run. The status is 0 if it does and the model \
      without the fault is acquitted. The name of a diagnosis lists the faults that it may stand for. With \
      --seeds every fault is tried on several models, and what was there is counted against what it \
      was called; with --acquit the models without a fault are counted alone.
      """)

  @Argument(
    help: "The id of a fault, or of a diagnosis.", transform: OptionValue.faultOrDiagnosis)
  var id: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of the small model (default: 1).", valueName: "n"),
    transform: OptionValue.seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Count over this many seeds, on square and other models with one and two ties.",
      valueName: "n"),
    transform: OptionValue.seeds)
  var seeds: Int?

  @Option(help: "With --seeds: try the models of this kind alone.")
  var model: ModelName?

  @Flag(
    help: "With --seeds: count how many models without a fault are acquitted, and nothing else.")
  var acquit = false

  func validate() throws {
    guard seeds == nil else { return }
    if model != nil { throw ValidationError("--model goes with --seeds n.") }
    if acquit { throw ValidationError("--acquit goes with --seeds n.") }
  }

  func execute() throws -> ExitStatus {
    if let seeds { return acquit ? try acquittals(seeds) : try matrix(seeds) }
    guard let id else {
      try Console.current.write(Data(Self.list.utf8))
      return .success
    }
    guard let fault = FaultCatalogue.fault(id) else {
      try Console.current.write(Data(Self.list(diagnosis: id).utf8))
      return .success
    }
    let trial = try FaultTrial(fault, seed: seed ?? CheckSettings.defaultSeed)
    try Console.current.write(Data(text(trial).utf8))
    return trial.check.isSettled ? .success : .failed
  }

  /// The seeds from the first on.
  private func range(_ seeds: Int) throws -> ClosedRange<UInt64> {
    let first = seed ?? CheckSettings.defaultSeed
    guard let last = UInt64(exactly: seeds - 1).map({ first.addingReportingOverflow($0) }),
      !last.overflow
    else {
      throw CommandError(.usage, "--seed \(first) leaves no room for \(seeds) seeds.")
    }
    return first...last.partialValue
  }

  /// The models that were asked for.
  private func models() throws -> [GalleryModel] {
    let models = GalleryModel.all.filter { model == nil || $0.model.name == model?.model.name }
    guard !models.isEmpty else {
      throw CommandError(
        .usage, "the gallery shows nothing on --model \(model?.model.name ?? ""). Choose another.")
    }
    return models
  }

  private func acquittals(_ seeds: Int) throws -> ExitStatus {
    let (models, range) = (try models(), try range(seeds))
    let line = ProgressLine("acquittals", isShown: true)
    defer { line.clear() }
    var rows: [RightModelCount] = []
    for (i, model) in models.enumerated() {
      rows.append(try RightModelCount(model, seeds: range))
      line.show(i + 1, of: models.count)
    }
    line.clear()
    try Console.current.write(Data(RightModelCount.text(rows).utf8))
    return rows.allSatisfy(\.isClean) ? .success : .failed
  }

  private func matrix(_ seeds: Int) throws -> ExitStatus {
    let (models, range) = (try models(), try range(seeds))
    let faults = FaultCatalogue.all.filter { id == nil || $0.id == id || $0.diagnosis == id }
    guard !faults.isEmpty else {
      throw CommandError(.usage, "no fault of the gallery leaves the trace \(id ?? "").")
    }
    let line = ProgressLine("faults", isShown: true)
    defer { line.clear() }
    let matrix = try ConfusionMatrix(faults, models: models, seeds: range) {
      line.show($0, of: faults.count)
    }
    line.clear()
    try Console.current.write(
      Data(
        ("\(seeds) \(seeds == 1 ? "seed" : "seeds") from \(range.lowerBound), on these models:\n"
          + models.map { "  \($0)\n" }.joined() + "\n" + matrix.text).utf8))
    return matrix.isClean ? .success : .failed
  }

  /// A line for each fault.
  static var list: String {
    lines(FaultCatalogue.all)
      + "\n\nIn brackets the check that convicts it. 'tiecheck faults ID' shows one of them caught.\n"
  }

  /// What to learn from a diagnosis, and the faults that it may stand for.
  static func list(diagnosis: String) -> String {
    let faults = FaultCatalogue.faults(diagnosedAs: diagnosis)
    let meaning = TextWrap.wrapped(
      "\(diagnosis): \(Diagnosis.meanings[diagnosis] ?? "").", indent: 0)
    let opening = meaning + "\n\n" + lesson(diagnosis)
    guard !faults.isEmpty else { return opening }
    return opening + "\nFaults that leave this trace:\n\n" + lines(faults)
      + "\n\n'tiecheck faults ID' shows one of them caught, with its lesson.\n"
  }

  /// The diagnosis' own lesson, or that of the first fault that leaves this trace.
  private static func lesson(_ diagnosis: String) -> String {
    if let own = DiagnosisLesson.named(diagnosis) {
      return [
        part("Lesson", own.lesson), part("Formula", own.formula), part("Remedy", own.remedy), "",
      ].joined(separator: "\n")
    }
    guard let fault = FaultCatalogue.faults(diagnosedAs: diagnosis).first else { return "" }
    return [part("Lesson", fault.lesson), part("Formula", fault.explanation.formula), ""]
      .joined(separator: "\n")
  }

  /// A title and, beside it, its text.
  private static func part(_ title: String, _ text: String) -> String {
    title + String(repeating: " ", count: indent - title.count)
      + TextWrap.wrapped(text, indent: indent)
  }
  private static let indent = 12

  private static func lines(_ faults: [any Fault]) -> String {
    let width = faults.map(\.id.count).max() ?? 0
    return faults.map { fault in
      fault.id + String(repeating: " ", count: width - fault.id.count) + "  "
        + TextWrap.wrapped("\(fault.summary) (\(fault.convictor.check))", indent: width + 2)
    }.joined(separator: "\n")
  }

  private func text(_ trial: FaultTrial) -> String {
    let shown = trial.check
    let fault = shown.fault
    let (part, indent) = (Self.part, Self.indent)
    func code(_ title: String, _ text: String) -> String {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      return title + String(repeating: " ", count: indent - title.count)
        + lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
    let found = trial.findings.enumerated().map { part($0 == 0 ? "Found" : "", $1) }
    let check = fault.convictor.check
    let outcome =
      shown.isSettled
      ? part("Convicted", "by \(check), as it must be, and named \(fault.diagnosis)")
      : part(
        "Not settled",
        "\(check) must convict it and name it \(fault.diagnosis), and acquit the model without it; "
          + "named: \(shown.names.isEmpty ? "nothing" : shown.names.joined(separator: ", "))")
    let alike =
      fault.alike.isEmpty
      ? [] : [part("Alike", "leaves the same trace as \(fault.alike.joined(separator: ", "))")]
    let explanation = fault.explanation
    let lines =
      [
        fault.id, "", part("Fault", fault.summary), part("Lesson", fault.lesson),
        part("Tempting", explanation.tempting), part("Formula", explanation.formula),
        part("Source", fault.source),
      ] + alike + [
        "", code("Swift", explanation.swift), "", code("Keras", explanation.keras), "",
        code("PyTorch", explanation.pytorch), "",
        part("Without it", shown.right.verdict.rawValue),
        part("With it", verdicts(shown.wrong)),
      ] + found + [
        outcome, "",
        part("See all", CommandText.joined(["tiecheck", "check"] + trial.arguments)),
      ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func verdicts(_ result: CaseResult) -> String {
    Convictor.allCases.map { "\($0.name) check \(result.verdict(of: $0).rawValue)" }
      .joined(separator: ", ")
  }
}

extension Convictor {
  /// The word before "check".
  var name: String {
    switch self {
    case .gradient: "gradient"
    case .tie: "tie"
    case .updates: "update"
    case .structure: "structure"
    }
  }

  /// What people call it.
  var check: String { "the \(name) check" }
}
