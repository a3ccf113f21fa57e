import ArgumentParser
import CheckReport
import Foundation

/// `tiecheck check`.
struct CheckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check one model: verdict and worst entries.")

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute() throws -> ExitStatus {
    let settings = model.settings
    let result = try settings.run(
      try model.prepared(for: .check), output,
      interrupt: Interrupt(patience: Interrupt.patienceOfACheck))
    let record = CheckRecord(
      seed: settings.options.seed,
      command: CommandText.joined(["tiecheck", "check"] + model.arguments), cases: [result])
    try output.write(record.data(as: output.format ?? .text, color: output.usesColor))
    return ExitStatus(record.verdict)
  }
}

extension CheckRecord {
  /// The record as one file.
  func data(as format: OutputFormat, color: Bool) throws -> Data {
    switch format {
    case .text: Data(TextReport.text(for: self, color: color).utf8)
    case .markdown: MarkdownReport.files(for: self)[0].contents
    case .json: try json()
    }
  }
}
