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
  /// - Throws: `CommandError`, and nothing is written then; also if the notebook that is to be rewritten
  ///   has changed since it was read.
  func save(_ review: NotebookReview, text: String? = nil) throws -> [String] {
    let notebook = review.notebook
    func saved(_ name: String) -> Data? {
      try? Data(contentsOf: folder.url.appendingPathComponent(name))
    }
    var files: [(name: String, data: Data)] = []
    for run in review.findings.map(\.run) {
      for picture in run.pictures {
        // What `verify` calls as written is not written again.
        let old = saved(picture.name).map { String(decoding: $0, as: UTF8.self) }
        if let old, run.isSame(picture, as: old) { continue }
        files.append((picture.name, Data(picture.svg.utf8)))
      }
    }
    if let text, text != notebook.text {
      // Whoever edits a notebook while it runs must not lose that.
      guard saved(notebook.name) == Data(notebook.text.utf8) else {
        throw CommandError(
          .badInput,
          "\(notebook.name) has changed while it ran and is left alone. Run the command again.")
      }
      files.append((notebook.name, Data(text.utf8)))
    }
    do {
      try OutputFile.replace(files.map { (folder.url.appendingPathComponent($0.name), $0.data) })
    } catch {
      throw CommandError(
        .noOutput, "the folder \(NotebookFolder.name) cannot be written: \(reason(error)).")
    }
    return files.map(\.name)
  }
}

extension NotebookEnvironment {
  /// Command lines run in this process. They see the search path and nothing else of the surroundings,
  /// so that a notebook says the same everywhere. Only programs that they start see the rest.
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
