import Foundation
import TextNotebook

/// Notebooks that run in this process.
struct NotebookSession {
  let folder: NotebookFolder
  /// The notebooks that were asked for, as they are on disk, each with what it was compiled to.
  let notebooks: [(notebook: Notebook, compiled: CompiledNotebook)]

  /// - Parameter words: which; all of them if there are none.
  /// - Throws: `CommandError` or `NotebookError`.
  init(_ words: [String], _ compiled: [CompiledNotebook]) throws {
    let folder = try NotebookFolder()
    self.folder = folder
    notebooks = try folder.names(for: words).map { name in
      let notebook = try folder.notebook(name)
      guard let compiled = compiled.first(where: { $0.name == name && $0.text == notebook.text })
      else {
        throw CommandError(
          .badInput, "\(name) has changed while it was compiled. Run the command again.")
      }
      return (notebook, compiled)
    }
  }

  /// Runs a notebook and compares.
  func review(
    _ compiled: CompiledNotebook, _ notebook: Notebook,
    watcher: NotebookWatcher = NotebookWatcher()
  ) async throws -> NotebookReview {
    let runs = try await compiled.run(in: .tiecheck(Console.current), watcher: watcher)
    return NotebookReview(notebook, runs) { name in
      try? String(contentsOf: folder.url.appendingPathComponent(name), encoding: .utf8)
    }
  }

  /// Saves what differs: pictures always, the notebook if `text` is given.
  /// - Returns: the names of the files that were written.
  func save(_ review: NotebookReview, text: String? = nil) throws -> [String] {
    var files: [(name: String, data: Data)] = []
    for picture in review.findings.flatMap(\.run.pictures) {
      files.append((picture.name, Data(picture.svg.utf8)))
    }
    if let text { files.append((review.notebook.name, Data(text.utf8))) }
    let changed = files.filter {
      (try? Data(contentsOf: folder.url.appendingPathComponent($0.name))) != $0.data
    }
    do {
      try OutputFile.replace(
        changed.map { (folder.url.appendingPathComponent($0.name), $0.data) })
    } catch {
      throw CommandError(
        .noOutput, "the folder \(NotebookFolder.name) cannot be written: \(reason(error)).")
    }
    return changed.map(\.name)
  }
}

extension NotebookEnvironment {
  /// Command lines run in this process. They see the search path and nothing else of the surroundings,
  /// so that a notebook says the same everywhere.
  static func tiecheck(_ console: Console) -> NotebookEnvironment {
    let path = console.environment["PATH", default: ""]
    return NotebookEnvironment(searchPath: path.split(separator: ":").map(String.init)) {
      words, folder, write in
      Tiecheck.run(
        words,
        console: Console(
          output: write, error: write, environment: ["PATH": path], folder: folder))
    }
  }
}
