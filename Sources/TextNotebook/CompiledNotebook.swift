import Foundation

/// A notebook and the function that its Swift cells were compiled to.
package struct CompiledNotebook: Sendable {
  package let name: String
  /// The text it was compiled from.
  package let text: String
  private let body: @Sendable (NotebookShell) async throws -> Void
  private let error: NotebookError?

  package init(
    name: String, text: String, body: @escaping @Sendable (NotebookShell) async throws -> Void
  ) {
    self.name = name
    self.text = text
    self.body = body
    error = nil
  }

  /// Stands for a notebook that cannot be compiled, so that those beside it can.
  /// - Parameter unreadable: what is wrong with it, and what asking for it throws.
  package init(unreadable error: NotebookError) {
    name = error.notebook
    text = ""
    body = { _ in throw error }
    self.error = error
  }

  /// - Throws: `NotebookError`, if there was none to compile.
  package func notebook() throws -> Notebook {
    if let error { throw error }
    return try Notebook(text, name: name)
  }

  /// Runs every cell, in order, in a folder of its own.
  /// - Returns: what came of each step.
  package func run(
    in environment: NotebookEnvironment, watcher: NotebookWatcher = NotebookWatcher()
  ) async throws -> [StepRun] {
    let notebook = try notebook()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "notebook-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let shell = NotebookShell(
      notebook, folder: folder, environment: environment, watcher: watcher)
    do {
      try await NotebookShell.$current.withValue(shell) { try await body(shell) }
    } catch {
      shell.fail(error)
    }
    return completed(shell.finish(), notebook)
  }

  /// Adds the steps that were never reached.
  private func completed(_ runs: [StepRun], _ notebook: Notebook) -> [StepRun] {
    let last = runs.last
    return notebook.steps.map { step in
      if let run = runs.first(where: { $0.step.number == step.number }) { return run }
      var run = StepRun(step: step)
      if let last, case .failed = last.outcome {
        run.outcome = .notRun("the cell of line \(last.step.cell.line) failed before it")
      } else {
        run.outcome = .failed("a cell above returned, so that this one never ran.")
      }
      return run
    }
  }
}

/// What came of a step when its notebook ran.
package struct StepRun: Equatable, Sendable {
  package enum Outcome: Equatable, Sendable {
    case ran
    /// It threw an error, or did what no cell may.
    case failed(String)
    /// Something it needs is not here.
    case notRun(String)
  }

  package let step: Step
  package var outcome = Outcome.ran
  /// What it printed, line by line.
  package var output: [String] = []
  package var pictures: [NotebookPicture] = []

  init(step: Step) { self.step = step }
}
