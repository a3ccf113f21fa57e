import Foundation

/// What a notebook's cells see of the world while they run: it records what they print, runs their
/// command lines, and keeps the files they make.
package final class NotebookShell: @unchecked Sendable {
  /// The notebook that runs in this task.
  @TaskLocal package static var current: NotebookShell?

  /// Runs "tiecheck WORDS" in a folder, sends what it writes to either stream, and gives its status.
  package typealias Command =
    @Sendable (_ words: [String], _ folder: URL, _ write: @escaping @Sendable (Data) -> Void) async
    -> Int32

  /// An endless loop that prints must not fill the machine's memory.
  static let outputLimit = 1 << 20

  let notebook: Notebook
  /// A folder of this run, gone when it ends.
  package let folder: URL
  private let steps: [Step]
  private let command: Command
  private let searchPath: [String]
  private let lock = NSLock()
  private var runs: [StepRun] = []
  private var printed = Data()
  private let watcher: NotebookWatcher

  init(
    _ notebook: Notebook, folder: URL, environment: NotebookEnvironment,
    watcher: NotebookWatcher
  ) {
    self.notebook = notebook
    self.folder = folder
    steps = notebook.steps
    command = environment.command
    searchPath = environment.searchPath
    self.watcher = watcher
  }

  /// Ends the last step, and gives what came of all that have begun.
  func finish() -> [StepRun] {
    lock.withLock {
      closeStep()
      return runs
    }
  }

  // MARK: What the compiled notebook calls

  /// The step that runs from now on.
  package func begin(_ number: Int) {
    lock.withLock {
      closeStep()
      runs.append(StepRun(step: steps[number]))
    }
    watcher.onBegin(steps[number])
  }

  /// Records what a cell prints.
  package func write(_ text: String) { write(Data(text.utf8)) }

  /// Saves a picture beside the notebook, and records that the cell made it.
  /// - Parameters:
  ///   - name: a file name that ends with ".svg"; the notebook's number is put before it.
  ///   - svg: the picture.
  /// - Throws: `NotebookFailure` for another name, or one that the notebook has used.
  package func picture(_ name: String, _ svg: String) throws {
    guard CellHeader.isFileName(name), name.hasSuffix(".svg"), name.count > 4 else {
      throw NotebookFailure(
        "picture(\"\(name)\"): expected the plain name of an SVG file, such as \"curve.svg\".")
    }
    let picture = NotebookPicture(name: "\(notebook.number)-\(name)", svg: svg)
    try lock.withLock {
      guard !runs.isEmpty else { return }
      guard !runs.contains(where: { $0.pictures.contains { $0.name == picture.name } }) else {
        throw NotebookFailure(
          "picture(\"\(name)\"): the notebook has made a picture of this name. Choose another.")
      }
      runs[runs.count - 1].pictures.append(picture)
    }
    write(picture.line + "\n")
  }

  /// Runs the command lines of a tiecheck cell.
  package func tiecheck(_ number: Int) async throws {
    begin(number)
    let cell = steps[number].cell
    let missing = cell.options.needs.compactMap { Requirement($0).missing(from: searchPath) }
    guard missing.isEmpty else {
      lock.withLock { runs[runs.count - 1].outcome = .notRun(missing.joined(separator: ", ")) }
      return
    }
    for commandLine in try CommandLines.parse(cell, of: notebook.name) {
      let status = await command(commandLine.words, folder) { [self] in write($0) }
      if status != 0 { write("(exit status \(status))\n") }
    }
  }

  /// Writes the file of a file cell into the run's folder.
  package func file(_ number: Int) throws {
    begin(number)
    let cell = steps[number].cell
    let text = cell.body.map { $0 + "\n" }.joined()
    try Data(text.utf8).write(to: folder.appendingPathComponent(cell.options.name))
  }

  // MARK: Recording

  private func write(_ data: Data) {
    lock.withLock {
      guard printed.count <= Self.outputLimit else { return }
      printed += data.prefix(Self.outputLimit + 1 - printed.count)
    }
  }

  func fail(_ error: any Error) {
    lock.withLock {
      guard !runs.isEmpty else { return }
      runs[runs.count - 1].outcome = .failed("\(error)")
    }
  }

  private func closeStep() {
    guard !runs.isEmpty else { return }
    if printed.count > Self.outputLimit {
      runs[runs.count - 1].outcome = .failed(
        "the cell prints more than \(Self.outputLimit >> 20) MiB.")
    } else {
      runs[runs.count - 1].output = RecordedText.lines(printed)
    }
    printed = Data()
    watcher.onEnd(runs[runs.count - 1])
  }
}

/// Is told how far a notebook is.
package struct NotebookWatcher: Sendable {
  var onBegin: @Sendable (Step) -> Void
  var onEnd: @Sendable (StepRun) -> Void

  /// - Parameters:
  ///   - onBegin: called before a step runs.
  ///   - onEnd: called when it has ended.
  package init(
    onBegin: @escaping @Sendable (Step) -> Void = { _ in },
    onEnd: @escaping @Sendable (StepRun) -> Void = { _ in }
  ) {
    self.onBegin = onBegin
    self.onEnd = onEnd
  }
}

/// Why a cell cannot go on.
package struct NotebookFailure: Error, Equatable, CustomStringConvertible, Sendable {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// What runs a notebook gives to its cells.
package struct NotebookEnvironment: Sendable {
  var command: NotebookShell.Command
  var searchPath: [String]

  /// - Parameters:
  ///   - searchPath: the folders where the programs that cells need are looked for.
  ///   - command: runs a command line of tiecheck.
  package init(searchPath: [String], command: @escaping NotebookShell.Command) {
    self.command = command
    self.searchPath = searchPath
  }
}
