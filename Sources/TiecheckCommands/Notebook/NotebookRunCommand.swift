import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook run`.
struct NotebookRunCommand: CompiledNotebookCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run every cell and show what it prints now.",
    discussion: """
      Pictures are saved beside the notebook; the notebook itself stays as it is. The status is 1 if a \
      cell failed.
      """)

  @OptionGroup var options: NotebookOptions

  func execute(_ notebooks: [CompiledNotebook]) async throws -> ExitStatus {
    let session = try NotebookSession(options.notebooks, notebooks)
    let style = TerminalStyle(usesColor: options.usesColor)
    let console = Console.current
    var status = ExitStatus.success
    for (notebook, compiled) in session.notebooks {
      // The heading stands there before the cell runs: if the cell crashes, that is where.
      let watcher = NotebookWatcher(
        onBegin: { step in
          try? console.output(Data(NotebookReport.heading(step, of: notebook, style).utf8))
        },
        onEnd: { run in try? console.output(Data(NotebookReport.output(run, style).utf8)) })
      let review = try await session.review(compiled, notebook, watcher: watcher)
      for name in try session.save(review) where !options.quiet {
        console.say("saved \(NotebookFolder.name)/\(name)")
      }
      let differing = review.findings.count { $0.isWrong && !$0.isFailure }
      if differing > 0 && !options.quiet {
        console.say(
          "\(notebook.name): \(differing) of \(review.findings.count) cells print something else than "
            + "is written; 'tiecheck notebook update \(notebook.number)' writes it.")
      }
      if review.findings.contains(where: \.isFailure) { status = .failed }
    }
    return status
  }
}
