import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook`.
struct NotebookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notebook",
    abstract: "Lessons in plain text that can be read, changed and run again.",
    discussion: """
      A notebook is a text file in the folder notebooks-txt. Change it in any editor, then run it: \
      its Swift is compiled, its command lines are run, and what they print is shown, compared with \
      what is written, or written there.

      Prose is Markdown and stands at the start of the line. A cell begins with one of these lines, is \
      indented by two spaces, and ends at the next line that is not:

      %% swift         Swift; all cells of a notebook share one scope. What print prints is recorded; \
      try picture("curve.svg", plot.svg()) saves a picture beside the notebook.
      %% swift file    imports, types and extensions
      %% tiecheck      command lines after "$ "; needs=python3:torch where something must be installed
      %% file name=F   a file for the cells below; Swift reads it with try file("F")
      %% output        what the cell above printed; "..." stands for any lines, "[..]" for anything in \
      one; rtol=1e-6 and atol=1e-12 say how far numbers may differ

      To write a new cell, leave its output away and call update.
      """,
    subcommands: [
      NotebookListCommand.self, NotebookShowCommand.self, NotebookRunCommand.self,
      NotebookVerifyCommand.self, NotebookUpdateCommand.self,
    ])
}

/// `tiecheck notebook list`.
struct NotebookListCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The notebooks and their titles.")

  func execute() throws -> ExitStatus {
    let folder = try NotebookFolder()
    let names = try folder.names()
    let width = names.map { $0.count - 4 }.max() ?? 0
    let lines = try names.map { name in
      let stem = String(name.dropLast(4))
      let title = try folder.notebook(name).title
      return stem + String(repeating: " ", count: width - stem.count) + "  \(title)\n"
    }
    try Console.current.write(Data(lines.joined().utf8))
    return .success
  }
}

/// Which notebooks, and how the terminal is used.
struct NotebookOptions: ParsableArguments {
  @Argument(help: "Which: 01, or a file's name. All of them if none is named.")
  var notebooks: [String] = []

  @Flag(help: "Say nothing on standard error unless something is wrong.")
  var quiet = false

  @Flag(help: "No colour, even on a terminal.")
  var noColor = false

  // A program that was started by another writes into its pipe, whatever stands at the other end.
  @Flag(help: .hidden)
  var color = false

  var usesColor: Bool { !noColor && (color || Console.current.allowsColor) }
}

/// A command that runs notebooks, and so needs them compiled.
protocol CompiledNotebookCommand: Subcommand {
  var options: NotebookOptions { get }
  /// Runs in a program that has the notebooks in it.
  func execute(_ notebooks: [CompiledNotebook]) async throws -> ExitStatus
}

extension CompiledNotebookCommand {
  /// This program has none: it builds the one that has, and starts it with the same command line.
  func execute() throws -> ExitStatus {
    let folder = try NotebookFolder()
    let names = try folder.names(for: options.notebooks)
    // What is wrong with a notebook is said at once, not after a build.
    for name in names { _ = try folder.notebook(name) }
    let words =
      [Self.configuration.commandName ?? ""] + names + (options.quiet ? ["--quiet"] : [])
      + (options.usesColor ? ["--color"] : [])
    return try NotebookRunner(folder.package, isQuiet: options.quiet).run(words)
  }
}
