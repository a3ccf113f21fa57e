import Foundation
import TextNotebook

/// What `run`, `verify` and `update` say of a notebook.
enum NotebookReport {
  typealias Finding = NotebookReview.Finding

  /// The line above what a step prints.
  static func heading(_ step: Step, of notebook: Notebook, _ style: TerminalStyle) -> String {
    style.dim("\(notebook.name):\(step.cell.line) \(step.cell.kind.rawValue)") + "\n"
  }

  /// What a step has printed.
  static func output(_ run: StepRun, _ style: TerminalStyle) -> String {
    let text = run.output.map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
    return switch run.outcome {
    case .ran: text
    case .failed(let why): text + "  " + style.red("failed: \(why)") + "\n"
    case .notRun(let why): text + "  " + style.yellow("not run: \(why)") + "\n"
    }
  }

  /// Every difference, and a line that sums up.
  static func comparison(_ review: NotebookReview, _ style: TerminalStyle) -> String {
    let name = review.notebook.name
    var text = ""
    for finding in review.findings {
      let place = style.bold("\(name):\(finding.line): ")
      if let sentence = finding.sentence { text += place + sentence + "\n" }
      text += difference(finding, style)
    }
    let wrong = review.findings.count(where: \.isWrong)
    let skipped = review.findings.count {
      if case .notRun = $0.kind { true } else { false }
    }
    let cells = "\(review.findings.count) \(review.findings.count == 1 ? "cell" : "cells")"
    let verdict =
      wrong == 0 ? style.green("as written") : style.red("\(wrong) not as written")
    return text + "\(name): \(cells), \(verdict)" + (skipped == 0 ? "" : ", \(skipped) not run")
      + "\n"
  }

  /// What was written, and what could not be.
  static func changes(
    _ review: NotebookReview, written: [String], _ style: TerminalStyle
  ) -> String {
    let name = review.notebook.name
    var text = ""
    for finding in review.findings {
      switch finding.kind {
      case .failed, .notRun:
        text += style.bold("\(name):\(finding.line): ") + (finding.sentence ?? "") + "\n"
      case .differs, .missing: text += "\(name):\(finding.line): output rewritten\n"
      case .picture(let picture, _): text += "\(picture): picture rewritten\n"
      case .same: break
      }
    }
    return text + "\(name): \(written.isEmpty ? "nothing to rewrite" : "written")\n"
  }

  private static func difference(_ finding: Finding, _ style: TerminalStyle) -> String {
    finding.differences.map { line in
      let text =
        switch line.kind {
        case .same: line.shown
        case .recorded: style.red(line.shown)
        case .present: style.green(line.shown)
        case .hint, .gap: style.dim(line.shown)
        }
      return text + "\n"
    }.joined()
  }
}

extension NotebookReview.Finding {
  var isFailure: Bool {
    if case .failed = kind { true } else { false }
  }
}
