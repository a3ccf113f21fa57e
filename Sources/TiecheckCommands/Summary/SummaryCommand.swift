import ArgumentParser
import CheckReport
import FaultGallery
import Foundation
import TiedLayers
import TiedModels

/// `tiecheck summary`.
struct SummaryCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Show a model's layers, what they share, and how many parameters there are.",
    discussion: "The models:\n\n" + models)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also save the model and its batch, as --model-file takes them.", valueName: "file"),
    transform: OptionValue.path)
  var save: String?

  /// A paragraph for each model: what it is, and the numbers that are its own.
  private static var models: String {
    ModelCatalogue.all.map { model in
      let settings = model.settings.map { setting in
        let usual = setting.isWhole ? "\(Int(setting.usual))" : "\(setting.usual)"
        return "\n  --set \(setting.name)=\(usual)  \(setting.help)"
      }
      return "\(model.name): \(model.summary)" + settings.joined()
    }.joined(separator: "\n")
  }

  func execute() throws -> ExitStatus {
    let prepared = try model.prepared(for: .summary)
    let summary = try prepared.summary()
    if let save { try OutputFile.write(try prepared.file(), to: save) }
    switch output.format ?? .text {
    case .text: try output.write(Data(SummaryTable.text(summary).utf8))
    case .markdown: try output.write(Data(SummaryTable.markdown(summary).utf8))
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try output.write(try encoder.encode(summary) + Data("\n".utf8))
    }
    return .success
  }
}
