import Foundation
import PackagePlugin

/// Puts the digits into the program itself, so that it works wherever it is moved.
@main
struct EmbedTextPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let input = target.directoryURL.appending(path: "Resources/digits.csv")
    let output = context.pluginWorkDirectoryURL.appending(path: "DigitsText.swift")
    return [
      .buildCommand(
        displayName: "Embedding digits.csv",
        executable: try context.tool(named: "embed-text").url,
        arguments: [input, output].map { $0.path(percentEncoded: false) } + ["DigitsText"],
        inputFiles: [input], outputFiles: [output])
    ]
  }
}
