import ArgumentParser
import Foundation
import TextNotebook

/// `tiecheck notebook verify`.
struct NotebookVerifyCommand: CompiledNotebookCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Run every cell and compare with what is written.",
    discussion: "The status is 1 if something differs or a cell failed. Nothing is written.")

  @OptionGroup var options: NotebookOptions

  func execute(_ notebooks: [CompiledNotebook]) async throws -> ExitStatus {
    let session = try NotebookSession(options.notebooks, notebooks)
    let style = TerminalStyle(usesColor: options.usesColor)
    var status = ExitStatus.success
    for (notebook, compiled) in session.notebooks {
      let review = try await session.review(compiled, notebook)
      try Console.current.write(Data(NotebookReport.comparison(review, style).utf8))
      if review.findings.contains(where: \.isWrong) { status = .failed }
    }
    return status
  }
}
