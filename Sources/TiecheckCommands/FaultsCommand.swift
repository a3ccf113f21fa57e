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
      Without an id the gallery is listed. With one, its fault is put into a small tied autoencoder, \
      and the check that must convict it is run. The status is 0 if it does and the model without \
      the fault is acquitted.
      """)

  @Argument(help: "The id of a fault.", transform: OptionValue.fault)
  var id: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of the small model (default: 1).", valueName: "n"),
    transform: OptionValue.seed)
  var seed: UInt64?

  func execute() throws -> ExitStatus {
    guard let id, let fault = FaultCatalogue.fault(id) else {
      try Console.current.write(Data(Self.list.utf8))
      return .success
    }
    let seed = seed ?? CheckSettings.defaultSeed
    let trial = try FaultTrial(fault, seed: seed)
    try Console.current.write(Data(text(trial, seed: seed).utf8))
    return trial.isSettled ? .success : .failed
  }

  /// A line for each fault.
  static var list: String {
    let width = FaultCatalogue.all.map(\.id.count).max() ?? 0
    let lines = FaultCatalogue.all.map { fault in
      fault.id + String(repeating: " ", count: width - fault.id.count) + "  "
        + TextWrap.wrapped("\(fault.summary) (\(fault.convictor.check))", indent: width + 2)
    }
    return lines.joined(separator: "\n")
      + "\n\nIn brackets the check that convicts it. 'tiecheck faults ID' shows one of them caught.\n"
  }

  private func text(_ trial: FaultTrial, seed: UInt64) -> String {
    let fault = trial.fault
    func part(_ title: String, _ text: String) -> String {
      let indent = 12
      return title + String(repeating: " ", count: indent - title.count)
        + TextWrap.wrapped(text, indent: indent)
    }
    let found = trial.findings.enumerated().map { i, finding in part(i == 0 ? "Found" : "", finding)
    }
    let outcome =
      trial.isSettled
      ? part("Convicted", "by \(fault.convictor.check), as it must be")
      : part(
        "Not settled", "\(fault.convictor.check) must convict it, and acquit the model without it")
    let command =
      ["tiecheck", "check"] + FaultTrial.arguments(fault: fault.id, seed: seed)
    let lines =
      [
        fault.id, "",
        part("Fault", fault.summary), part("Lesson", fault.lesson), part("Source", fault.source),
        "",
        part("Without it", trial.right.verdict.rawValue), part("With it", verdicts(trial.wrong)),
      ] + found + [outcome, "", part("See all", CommandText.joined(command))]
    return lines.joined(separator: "\n") + "\n"
  }

  private func verdicts(_ result: CaseResult) -> String {
    "gradient check \(result.gradient.verdict.rawValue), tie check \(result.tie.verdict.rawValue), "
      + "update check \(result.updates.verdict.rawValue)"
  }
}

extension Convictor {
  /// What people call it.
  var check: String {
    switch self {
    case .gradient: "the gradient check"
    case .tie: "the tie check"
    case .updates: "the update check"
    }
  }
}
