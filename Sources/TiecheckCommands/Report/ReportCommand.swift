import ArgumentParser
import CheckReport
import FaultGallery
import Foundation
import GradientCheck

/// `tiecheck report`.
struct ReportCommand: Subcommand {
  static let defaultFolder = "tiecheck-report"

  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Check the standard cases, or one model, and write a report with plots.",
    discussion: """
      Without a model option the standard cases are checked. The report is a folder, \
      \(defaultFolder) unless -o names another: report.md with its plots, and result.json. \
      With '-o -' the page alone goes to standard output, or the record with --format json. With \
      --from nothing is checked: the report is made of what 'TIECHECK_RESULTS=FOLDER swift test' \
      left in a folder, or of several reports' result.json in it; or it merges the grades that \
      'tiecheck grade --results' left there.
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Report what is in this folder of results.", valueName: "folder"),
    transform: OptionValue.path)
  var from: String?

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  private var folder: String { output.output ?? Self.defaultFolder }

  func validate() throws {
    if let format = output.format, format != .markdown, folder != "-" {
      throw ValidationError(
        "--format \(format.rawValue) needs '-o -': the folder of a report always holds report.md and "
          + "result.json.")
    }
    if let from, !model.arguments.isEmpty {
      throw ValidationError(
        "--from \(from) reports results that are there already: it does not go with "
          + "\(model.arguments[0]).")
    }
  }

  func execute() throws -> ExitStatus {
    let target = folder == "-" ? nil : try ReportFolder(folder)
    if let from, let grades = try grades(from) {
      if let target {
        try target.write(grades.files())
        if !output.quiet {
          Console.current.say(
            "\(grades.submissions.count) submissions graded. The grades are in \(folder)/grades.md, "
              + "grades.csv and grades.json")
        }
      } else {
        try output.write(GradeFormat(output.format ?? .markdown).data(grades))
      }
      return ExitStatus(grades.verdict)
    }
    let record = try from.map(merged) ?? check()
    if let target {
      try target.write(
        MarkdownReport.files(for: record)
          + [ReportFile(name: "result.json", contents: try record.json())])
      if !output.quiet { Console.current.say(closing(record)) }
    } else {
      try output.write(record.data(as: output.format ?? .markdown, color: output.usesColor))
    }
    return ExitStatus(record.verdict)
  }

  /// What `tiecheck grade --results` left, of all parts of a run that was divided; nil if it left nothing.
  private func grades(_ from: String) throws -> GradeRecord? {
    try ResultsFolder(from, at: Console.current.url(from)).grades(
      command: CommandText.joined(["tiecheck", "report", "--from", from]))
  }

  private func merged(_ from: String) throws -> CheckRecord {
    try ResultsFolder(from, at: Console.current.url(from)).record(
      command: CommandText.joined(["tiecheck", "report", "--from", from]))
  }

  private func check() throws -> CheckRecord {
    let settings = model.settings
    let models =
      model.leavesModelOpen
      ? try StandardCases.requests(seed: settings.options.seed).map { try $0.prepared(for: .check) }
      : [try model.prepared(for: .check)]
    let interrupt = Interrupt(patience: Interrupt.patienceOfACheck)
    return CheckRecord(
      seed: settings.options.seed,
      command: CommandText.joined(["tiecheck", "report"] + model.arguments),
      cases: try models.map { model in
        // Of the standard cases a wrong one is there to be convicted. Whoever names a model wants it
        // right.
        let expected: Verdict = self.model.leavesModelOpen && model.isWrong ? .fail : .pass
        var result = try settings.run(
          model, output, expected: expected, interrupt: interrupt)
        if !model.isWrong, settings.precision == .double, !result.gradient.isUnfinished {
          result.noticed = try FaultDetectability(settings.options).table(
            result, subjects: settings.subjects, makeRight: model.makeRight)
        }
        return result
      })
  }

  /// Where the report is, and the verdict in one line.
  private func closing(_ record: CheckRecord) -> String {
    let surprising =
      record.cases.filter { !$0.isAsExpected }
      .map { "\($0.name): \($0.verdict.rawValue), expected \($0.expected.rawValue)" }
      + (record.broken ?? []).map { "\($0.name): no result" }
    let cases = "\(record.cases.count) \(record.cases.count == 1 ? "case" : "cases")"
    let verdict =
      surprising.isEmpty
      ? "\(cases), each ended as expected"
      : surprising.joined(separator: "; ")
    return "\(record.verdict.rawValue): \(verdict). The report is \(folder)/report.md"
  }
}
