import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook update`.
struct NotebookUpdateCommand: CompiledNotebookCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Run every cell and write what it prints into the notebook.",
    discussion: """
      Only outputs that differ are rewritten, and elisions in them are kept where they still hold. The \
      status is 1 if a cell failed; its output is left alone.
      """)

  @OptionGroup var options: NotebookOptions

  func execute(_ notebooks: [CompiledNotebook]) async throws -> ExitStatus {
    let session = try NotebookSession(options.notebooks, notebooks)
    let style = TerminalStyle(usesColor: options.usesColor)
    var status = ExitStatus.success
    for (notebook, compiled) in session.notebooks {
      let review = try await session.review(compiled, notebook)
      let written = try session.save(review, text: review.updatedText)
      try Console.current.write(Data(NotebookReport.changes(review, written: written, style).utf8))
      if review.findings.contains(where: \.isFailure) { status = .failed }
    }
    return status
  }
}
