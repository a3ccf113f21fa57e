import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook show`.
struct NotebookShowCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A notebook as it is written.")

  @Argument(help: "Which: 01, a file's name, or a file.")
  var notebook: String

  func execute() throws -> ExitStatus {
    let folder = try NotebookFolder()
    let notebook = try folder.notebook(try folder.names(for: [notebook])[0])
    try Console.current.write(Data(notebook.text.utf8))
    return .success
  }
}
