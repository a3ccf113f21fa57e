import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook show`.
struct NotebookShowCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A notebook as it is written, for a terminal or as a page.",
    discussion: """
      With --format markdown it is a page such as GitHub shows, with --format ipynb a notebook for \
      Jupyter; a page that is written into a file has its pictures copied beside it.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, markdown, ipynb
  }

  @Argument(help: "Which: 01, a file's name, or any file; '-' is standard input.")
  var notebook: String

  @Option(help: "How it is written.")
  var format = Format.text

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("Where it is written; '-' is standard output.", valueName: "path"),
    transform: OptionValue.path)
  var output: String?

  @Flag(help: "No colour, even on a terminal.")
  var noColor = false

  func execute() throws -> ExitStatus {
    let (notebook, folder) = try read()
    let target = output == "-" ? nil : output
    func savedPicture(_ name: String) -> String? {
      folder.flatMap { try? String(contentsOf: $0.appendingPathComponent(name), encoding: .utf8) }
    }
    var pictures: [NotebookPicture] = []
    let data: Data
    switch format {
    case .text:
      let usesColor = !noColor && target == nil && Console.current.allowsColor
      data = Data(
        NotebookTerminalPage.text(notebook, TerminalStyle(usesColor: usesColor)).utf8)
    case .markdown:
      let page = NotebookPage(notebook, savedPicture: savedPicture)
      pictures = page.pictures
      data = Data(page.markdown.utf8)
    case .ipynb: data = try JupyterNotebook(notebook, savedPicture: savedPicture).json()
    }
    guard let target else {
      try Console.current.write(data)
      return .success
    }
    if !pictures.isEmpty {
      let place = Console.current.url(target).resolvingSymlinksInPath().deletingLastPathComponent()
      // Beside the notebook they are already.
      if place.path != folder?.resolvingSymlinksInPath().path {
        do {
          try OutputFile.replace(
            pictures.map { (place.appendingPathComponent($0.name), Data($0.svg.utf8)) })
        } catch {
          throw OutputFile.failure(target, error)
        }
      }
    }
    try OutputFile.write(data, to: target)
    return .success
  }

  /// A file if there is one, and a notebook of the repository otherwise.
  /// - Returns: the notebook, and the folder that its pictures are in.
  private func read() throws -> (Notebook, folder: URL?) {
    let url = Console.current.url(notebook)
    let isFile =
      notebook == "-" || notebook.contains("/")
      || (FileManager.default.fileExists(atPath: url.path) && !OutputFile.isFolder(url))
    guard isFile else {
      let folder = try NotebookFolder()
      return (try folder.notebook(try folder.names(for: [notebook])[0]), folder.url)
    }
    return (
      try Notebook(
        try InputFile.read(notebook, as: "the notebook"), name: InputFile.label(notebook)),
      notebook == "-" ? nil : url.deletingLastPathComponent()
    )
  }
}
