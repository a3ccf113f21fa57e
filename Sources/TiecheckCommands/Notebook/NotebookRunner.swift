import Foundation

/// The program that has the notebooks compiled into it. The command line itself has not: a slip in a
/// notebook must not keep anyone from checking a model.
struct NotebookRunner {
  static let product = "notebook-runner"

  let package: URL
  let isQuiet: Bool
  private let interrupt = Interrupt()

  init(_ package: URL, isQuiet: Bool) {
    self.package = package
    self.isQuiet = isQuiet
  }

  /// Starts it in the package's folder, where `build` has built it.
  /// - Parameter words: its arguments.
  /// - Returns: how it ended.
  /// - Throws: `CommandError`; with the status `failed` if it has crashed.
  func run(_ words: [String]) throws -> ExitStatus {
    let console = Console.current
    let program = package.appendingPathComponent(".build/debug/\(Self.product)")
    let status = try start(
      program, words, output: { try? console.output($0) }, error: { console.error($0) })
    guard let status = ExitStatus(rawValue: status) else {
      throw CommandError(
        .failed,
        "the program that runs the notebooks has crashed (\(status)). Above stands why; the cell is "
          + "the last that 'tiecheck notebook run' shows.")
    }
    return status
  }

  /// Compiles the notebooks: all of them, since they are one program.
  /// - Throws: `CommandError`.
  func build() throws {
    let folders = Console.current.environment["PATH", default: ""].split(separator: ":")
    let swift = folders.map { URL(fileURLWithPath: "\($0)/swift") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let swift else {
      throw CommandError(
        .noInput,
        "the notebooks cannot be compiled: there is no 'swift' on PATH. See "
          + "https://www.swift.org/install.")
    }
    let console = Console.current
    let showsProgress = !isQuiet && console.isErrorTerminal
    if showsProgress { console.error(Data("\rcompiling the notebooks\u{1B}[K".utf8)) }
    let log = Collector()
    let status = try start(
      swift,
      ["build", "--quiet", "--package-path", package.path, "--product", Self.product],
      output: { log.append($0) }, error: { log.append($0) })
    if showsProgress { console.error(Data("\r\u{1B}[K".utf8)) }
    guard status == 0 else {
      let folder = package.appendingPathComponent(NotebookFolder.name)
      let messages = NotebookCompileErrors(log.text) { name in
        let text = try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return text?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      }
      throw CommandError(
        .badInput, "the notebooks, which are compiled together, do not compile.\n\n\(messages.text)"
      )
    }
  }

  /// Starts a program and waits for it.
  /// - Returns: its status; minus the signal's number if one ended it.
  private func start(
    _ program: URL, _ arguments: [String], output: @escaping @Sendable (Data) -> Void,
    error: @escaping @Sendable (Data) -> Void
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = package
    process.standardInput = FileHandle.nullDevice
    let pipes = (Pipe(), Pipe())
    process.standardOutput = pipes.0
    process.standardError = pipes.1
    do {
      try process.run()
    } catch let cause {
      throw CommandError(.noInput, "\(program.path) does not start: \(reason(cause)).")
    }
    // It is in a process group of its own, where Ctrl-C does not reach it.
    interrupt.watch(process.terminate)
    let reading = DispatchGroup()
    for (pipe, sink) in [(pipes.0, output), (pipes.1, error)] {
      reading.enter()
      let handle = pipe.fileHandleForReading
      Thread.detachNewThread {
        while case let data = handle.availableData, !data.isEmpty { sink(data) }
        reading.leave()
      }
    }
    reading.wait()
    process.waitUntilExit()
    guard !interrupt.isRequested else { throw CommandError(.undecided, "interrupted.") }
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }
}

/// Collects what a process writes, from whichever thread.
private final class Collector: @unchecked Sendable {
  private let lock = NSLock()
  private var data = Data()

  func append(_ more: Data) { lock.withLock { data += more } }
  var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
}
