import Foundation
import Lessons
import Testing
import TextNotebook

@testable import TiecheckCommands

/// Every notebook of the course says what it did: one case for each cell.
@Suite struct LessonsTests {
  @Test(arguments: LessonCell.all) func cellIsAsWritten(cell: LessonCell) async throws {
    let review = try await LessonReviews.shared.review(of: cell.notebook)
    let finding = review.findings[cell.step.number]
    if case .notRun(let why) = finding.kind {
      #if compiler(>=6.3)
        try Test.cancel("\(why)")
      #else
        print("\(cell): not run: \(why)")
      #endif
    }
    guard finding.isWrong else { return }
    let details = ([finding.sentence ?? ""] + finding.differences.map(\.shown))
      .joined(separator: "\n")
    Issue.record(
      Comment(rawValue: details),
      sourceLocation: SourceLocation(
        fileID: "Lessons/\(cell.notebook.name)",
        filePath: "notebooks-txt/\(cell.notebook.name)", line: finding.line, column: 1))
  }

  /// One that cannot be read has no cells, and would be missed by nobody.
  @Test func everyNotebookCanBeRead() {
    for notebook in Lessons.all {
      do {
        _ = try notebook.notebook()
      } catch {
        Issue.record(error)
      }
    }
    #expect(!LessonCell.all.isEmpty)
  }
}

/// One case.
struct LessonCell: Sendable, CustomTestStringConvertible {
  let notebook: CompiledNotebook
  let step: Step

  static let all: [LessonCell] = Lessons.all.flatMap { notebook in
    ((try? notebook.notebook().steps) ?? []).map { LessonCell(notebook: notebook, step: $0) }
  }

  var testDescription: String { "\(notebook.name):\(step.cell.line) \(step.cell.kind.rawValue)" }
}

/// Each notebook runs once, whichever of its cells is asked for first.
private actor LessonReviews {
  static let shared = LessonReviews()

  private var running: [String: Task<NotebookReview, any Error>] = [:]

  func review(of notebook: CompiledNotebook) async throws -> NotebookReview {
    if let task = running[notebook.name] { return try await task.value }
    let task = Task {
      let runs = try await notebook.run(in: .tiecheck(.process))
      return NotebookReview(try notebook.notebook(), runs) { name in
        try? String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
      }
    }
    running[notebook.name] = task
    return try await task.value
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("notebooks-txt")
}
