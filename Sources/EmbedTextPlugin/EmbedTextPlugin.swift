import Foundation
import PackagePlugin

/// Puts the data and the course package that ship into the program itself, so that it works wherever it is
/// moved.
@main
struct EmbedTextPlugin: BuildToolPlugin {
  /// A file among the target's resources, and the enumeration whose `text` it becomes.
  private static let files = [
    ("digits.csv", "DigitsText"), ("jack.txt", "JackText"),
    ("tiecheck_pipe.py", "PythonAdapterText"), ("tiecheck_pipe.h", "CAdapterText"),
  ]

  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let resources = target.directoryURL.appending(path: "Resources")
    let course = resources.appending(path: "Coursework/")
    return try Self.files.map { file, name in
      try command(name, [resources.appending(path: file)], context)
    } + [command("CourseworkText", files(in: course), in: course, context)]
  }

  /// - Parameter folder: what paths are told below; nil for one text without a path.
  private func command(
    _ name: String, _ inputs: [URL], in folder: URL? = nil, _ context: PluginContext
  ) throws -> Command {
    let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
    let paths = [output] + (folder.map { [$0] } ?? []) + inputs
    return .buildCommand(
      displayName: "Embedding \(name)", executable: try context.tool(named: "embed-text").url,
      arguments: [name] + paths.map { $0.path(percentEncoded: false) },
      inputFiles: inputs, outputFiles: [output])
  }

  private func files(in folder: URL) -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    let files = (found?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }
      .map { folder.appending(path: String($0.path.dropFirst(folder.path.count + 1))) }
    return files.sorted { $0.path < $1.path }
  }
}
