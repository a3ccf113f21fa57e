import Foundation
import PackagePlugin

/// Puts the data that ships into the program itself, so that it works wherever it is moved.
@main
struct EmbedTextPlugin: BuildToolPlugin {
  /// A file among the target's resources, and the enumeration whose `text` it becomes.
  private static let files = [("digits.csv", "DigitsText"), ("jack.txt", "JackText")]

  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    try Self.files.map { file, name in
      let input = target.directoryURL.appending(path: "Resources/\(file)")
      let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
      return .buildCommand(
        displayName: "Embedding \(file)",
        executable: try context.tool(named: "embed-text").url,
        arguments: [input, output].map { $0.path(percentEncoded: false) } + [name],
        inputFiles: [input], outputFiles: [output])
    }
  }
}
