import Foundation
import GradientCheck

/// Where a command's words go, and what it may know of its surroundings. Commands never touch the
/// process's own streams, so that a test or a notebook can run them in-process.
package struct Console: Sendable {
  /// Standard output: data, and nothing else.
  package var output: @Sendable (Data) throws -> Void
  /// Standard error: everything else.
  package var error: @Sendable (Data) -> Void
  /// Everything on standard input, up to a number of bytes.
  package var input: @Sendable (_ limit: Int) throws -> Data
  package var isOutputTerminal: Bool
  package var isErrorTerminal: Bool
  package var environment: [String: String]
  /// What a relative path starts from; nil is the process's own working folder.
  package var folder: URL?

  package init(
    output: @escaping @Sendable (Data) throws -> Void, error: @escaping @Sendable (Data) -> Void,
    input: @escaping @Sendable (_ limit: Int) throws -> Data = { _ in Data() },
    isOutputTerminal: Bool = false, isErrorTerminal: Bool = false,
    environment: [String: String] = [:], folder: URL? = nil
  ) {
    self.output = output
    self.error = error
    self.input = input
    self.isOutputTerminal = isOutputTerminal
    self.isErrorTerminal = isErrorTerminal
    self.environment = environment
    self.folder = folder
  }

  /// The console of the command that runs in this task.
  @TaskLocal static var current = Console.process

  /// The process's own streams.
  package static let process = Console(
    output: { try FileHandle.standardOutput.write(contentsOf: $0) },
    error: { try? FileHandle.standardError.write(contentsOf: $0) },
    input: { try FileHandle.standardInput.readUpTo($0) },
    isOutputTerminal: isatty(STDOUT_FILENO) == 1, isErrorTerminal: isatty(STDERR_FILENO) == 1,
    environment: ProcessInfo.processInfo.environment)

  /// Whether colour may be used on standard output (https://no-color.org).
  var allowsColor: Bool { isOutputTerminal && environment["NO_COLOR", default: ""].isEmpty }

  /// The file that a path names here.
  func url(_ path: String) -> URL {
    let base = folder.map { URL(fileURLWithPath: $0.path, isDirectory: true) }
    return URL(fileURLWithPath: path, relativeTo: base).absoluteURL
  }

  /// Writes data to standard output.
  func write(_ data: Data) throws {
    do {
      try output(data)
    } catch {
      throw CommandError(.noOutput, "standard output cannot be written: \(reason(error)).")
    }
  }

  /// Writes a line, or several, to standard error: text, and nothing that a terminal obeys.
  func say(_ line: String) { error(Data((harmless(line, keeping: "\n\t") + "\n").utf8)) }
}

extension FileHandle {
  /// Everything until the end, but no more than `limit` bytes.
  func readUpTo(_ limit: Int) throws -> Data {
    var data = Data()
    while data.count < limit, let more = try read(upToCount: min(limit - data.count, 1 << 20)),
      !more.isEmpty
    {
      data += more
    }
    return data
  }
}

/// What the system says of a failed file operation, such as "No space left on device", without a full
/// stop.
func reason(_ error: any Error) -> String {
  let error = error as NSError
  if let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError { return reason(inner) }
  if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
  let text = error.localizedDescription
    .replacing("The operation could not be completed. ", with: "")
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}
