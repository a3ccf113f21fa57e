import ArgumentParser
import CheckReport
import Foundation
import GradientCheck
import ModelPipe

/// The options of `verify` alone that have a say in its result.
struct ProgramOptions: RepeatableOptions {
  @Option(help: "What the report calls the model (default: the program's own word).")
  var name: String?
}

/// `tiecheck verify`.
struct VerifyCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check a model in any language, over a pipe.",
    usage: """
      tiecheck verify [OPTIONS] -- COMMAND [ARGUMENTS]
      tiecheck verify --write-adapter python|c [-o FILE]
      """,
    discussion: """
      COMMAND is started without a shell. It is asked for its parameters, losses, gradient and steps, a \
      line of JSON for each question, and answers each with a line; what it writes to standard error \
      passes through. --write-adapter writes a file that does this for models in Python (plain \
      functions, NumPy, PyTorch, Keras 3) or C. A program that does not answer, or answers nonsense, is \
      ended with everything it started, and the status is 65.
      """)

  /// A language that an adapter ships for.
  enum Adapter: String, ExpressibleByArgument, CaseIterable {
    case python, c

    var text: String {
      switch self {
      case .python: PythonAdapterText.text
      case .c: CAdapterText.text
      }
    }
  }

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after '--'.", valueName: "command"))
  var command: [String] = []

  @Option(help: "Write the adapter for a language, and check nothing.")
  var writeAdapter: Adapter?

  @OptionGroup var program: ProgramOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds for one answer (default: 60).", valueName: "seconds"),
    transform: OptionValue.seconds)
  var timeout: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds for the whole check (default: no limit).", valueName: "seconds"),
    transform: OptionValue.seconds)
  var totalTimeout: Double?

  @OptionGroup(title: "Check") var checking: CheckingOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Also write a report with plots into this folder.", valueName: "folder"),
    transform: OptionValue.path)
  var report: String?

  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if writeAdapter != nil, !command.isEmpty {
      throw ValidationError(
        "--write-adapter writes a file and checks nothing. Leave it out to check \(command[0]).")
    }
    if writeAdapter == nil, command.isEmpty {
      throw ValidationError(
        "expected a command after '--', such as: tiecheck verify -- python3 model.py")
    }
  }

  func execute() throws -> ExitStatus {
    if let writeAdapter {
      try output.write(Data(writeAdapter.text.utf8))
      return .success
    }
    let folder = try report.map { try ReportFolder($0) }
    let record = CheckRecord(
      seed: checking.seed ?? CheckSettings.defaultSeed,
      command: CommandText.joined(
        ["tiecheck", "verify"] + program.arguments + checking.arguments + ["--"] + command),
      cases: [try check()])
    if let folder {
      try folder.write(
        MarkdownReport.files(for: record)
          + [ReportFile(name: "result.json", contents: try record.json())])
    }
    try output.write(record.data(as: output.format ?? .text, color: output.usesColor))
    return ExitStatus(record.verdict)
  }

  // MARK: The check

  /// Seconds that a check has for stopping by itself after Ctrl-C.
  private static let patience = 0.8

  private func check() throws -> CaseResult {
    let console = Console.current
    let line = ProgressLine(program.name ?? InputFile.label(command[0]), isShown: !output.quiet)
    defer { line.clear() }
    let interrupt = Interrupt(startsPrograms: true, patience: Self.patience)
    defer { withExtendedLifetime(interrupt) {} }
    let process = try ChildProcess(
      command,
      environment: ProcessInfo.processInfo.environment.merging(console.environment) { $1 },
      folder: console.folder?.path,
      standardError: .relayed { text in
        line.clear()
        console.error(text)
      }, limits: .init(message: timeout ?? 60, elapsed: totalTimeout))
    // Whatever happens below, nothing of the program is left.
    defer { process.end() }
    interrupt.ends { process.interrupt() }
    let progress = CheckProgress { line.show($0, of: $1) }
    interrupt.watch {
      progress.cancel()
      // Nothing else is seen while the program is silent.
      line.clear()
      console.say("Stopping within a second; Ctrl-C again ends it at once.")
    }
    do {
      return try check(process, progress)
    } catch {
      interrupt.awaitEnd()
      throw error
    }
  }

  private func check(_ process: ChildProcess, _ progress: CheckProgress) throws -> CaseResult {
    // Differences of a claim that is rounded to Float need steps that Float can tell apart.
    let witness = checking.witness ?? (checking.secondOrder ? .own : .auto)
    let objective = try PipeObjective(process, witness: witness)
    if witness == .double, let missing = objective.missingDouble {
      throw CommandError(
        .badInput, "the loss cannot be measured in Double, as --witness double asks: \(missing).")
    }
    guard objective.capabilities.contains(.gradient) else {
      throw CommandError(
        .badInput,
        "the program claims no gradient that could be checked: it does not list \"gradient\" in "
          + "\"can\".")
    }
    var options = checking.checkOptions(tolerance: objective.defaultTolerance)
    options.progress = progress
    let steps = checking.steps ?? CheckSettings().steps
    let result = try CheckCase(
      name: program.name ?? objective.name ?? InputFile.label(command[0]), model: "program",
      expectedTies: objective.ties, subjects: objective.updateSubjects(steps: steps), steps: steps,
      checksSymmetry: checking.secondOrder, scope: objective.scope
    ) {
      objective
    }.run(options)
    objective.close()
    return result
  }
}
