import ArgumentParser
import CheckReport
import Foundation
import TiedLayers

/// `tiecheck summary`.
struct SummaryCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Show a model's layers, what they share, and how many parameters there are.")

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute() throws -> ExitStatus {
    let summary = try model.prepared(for: .summary).summary()
    switch output.format ?? .text {
    case .text: try output.write(Data(SummaryTable.text(summary).utf8))
    case .markdown: try output.write(Data("```\n\(SummaryTable.text(summary))```\n".utf8))
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try output.write(try encoder.encode(summary) + Data("\n".utf8))
    }
    return .success
  }
}
