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
    var (lines, errors): (String, [CommandError]) = ("", [])
    for name in names {
      let stem = String(name.dropLast(4))
      var title = "(cannot be read)"
      do {
        title = try folder.notebook(name).title
      } catch {
        errors.append(CommandError(error))
      }
      lines += stem + String(repeating: " ", count: width - stem.count) + "  \(title)\n"
    }
    try Console.current.write(Data(lines.utf8))
    for error in errors { Console.current.say("Error: \(error)") }
    return errors.last?.status ?? .success
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
  /// This program has none: it builds the one that has, and starts it for each notebook. What is wrong
  /// with one notebook keeps none of the others from running.
  /// - Returns: how the last one ended that did not end well.
  func execute() throws -> ExitStatus {
    let folder = try NotebookFolder()
    var status = ExitStatus.success
    func note(_ error: CommandError, _ prefix: String = "") {
      Console.current.say("Error: \(prefix)\(error)")
      status = error.status
    }
    var names: [String] = []
    for name in try folder.names(for: options.notebooks) {
      // What is wrong with a notebook is said at once, not after a build.
      do {
        _ = try folder.notebook(name)
        names.append(name)
      } catch {
        note(CommandError(error))
      }
    }
    guard !names.isEmpty else { return status }
    let runner = NotebookRunner(folder.package, isQuiet: options.quiet)
    try runner.build()
    let flags = (options.quiet ? ["--quiet"] : []) + (options.usesColor ? ["--color"] : [])
    for name in names {
      // A process each: of one that crashes nothing can be had any more.
      do {
        let one = try runner.run([Self.configuration.commandName ?? "", name] + flags)
        if one != .success { status = one }
      } catch let error as CommandError where error.status == .failed {
        note(error, "\(name): ")
      }
    }
    return status
  }
}
