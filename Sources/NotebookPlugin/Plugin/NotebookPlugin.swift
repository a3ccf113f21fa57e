import Foundation
import PackagePlugin

/// Compiles every notebook of the folder notebooks-txt in a target's folder: one Swift file each, so
/// that editing one recompiles one, and a file that lists them. A notebook that cannot be read is made
/// into Swift that says so when it is run, and stops nothing that does not need it. Swift in a cell that
/// does not compile does stop them all: they are one module.
@main
struct NotebookPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let tool = try context.tool(named: "notebook-tool").url
    let folder = target.directoryURL.appending(path: "notebooks-txt").resolvingSymlinksInPath()
    let notebooks = try FileManager.default
      .contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "txt" && !$0.lastPathComponent.hasPrefix(".") }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
    func output(_ name: String) -> URL { context.pluginWorkDirectoryURL.appending(path: name) }
    func path(_ url: URL) -> String { url.path(percentEncoded: false) }
    let stems = notebooks.map { $0.deletingPathExtension().lastPathComponent }
    let list = output("NotebookList.swift")
    return notebooks.map { notebook in
      let source = output(notebook.deletingPathExtension().lastPathComponent + ".swift")
      return .buildCommand(
        displayName: "Reading \(notebook.lastPathComponent)", executable: tool,
        arguments: ["notebook", path(notebook), path(source)],
        inputFiles: [notebook], outputFiles: [source])
    } + [
      .buildCommand(
        displayName: "Listing the notebooks", executable: tool,
        arguments: ["list", path(list)] + stems, inputFiles: [], outputFiles: [list])
    ]
  }
}
