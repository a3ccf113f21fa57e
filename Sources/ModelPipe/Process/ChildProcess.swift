import CChildProcess
import Foundation

/// A program that was started to be talked to, line by line, and that is not trusted.
///
/// It runs without a shell, as the leader of a session and process group of its own. Whatever it does,
/// each exchange ends within its limits of time and size, and `end()` leaves nothing of it behind: the
/// process group is killed, and what left the group (see `ProcessTree`). Its standard error passes
/// through. No signal reaches this process from a pipe that broke.
///
/// Not safe to use from several threads at once, but for `interrupt()`.
package final class ChildProcess: LineExchange {
  /// How long and how much.
  package struct Limits: Sendable {
    /// Seconds for one exchange.
    package var message = 60.0
    /// Seconds of all exchanges together, without what whoever asks does between them; nil for no limit.
    package var total: Double?
    /// Seconds since the program was started, whatever goes on meanwhile; nil for no limit.
    package var elapsed: Double?
    /// Bytes of the longest line that is read.
    package var bytes = 128 << 20
    /// Bytes of address space, of the program and of each of its own children; nil for no limit.
    package var memory: Int?

    package init(
      message: Double = 60, total: Double? = nil, elapsed: Double? = nil, bytes: Int = 128 << 20,
      memory: Int? = nil
    ) {
      self.message = message
      self.total = total
      self.elapsed = elapsed
      self.bytes = bytes
      self.memory = memory
    }
  }

  /// Where the program's standard error goes.
  package enum StandardError {
    /// To this process's own.
    case inherited
    /// To a function, during exchanges and at the end.
    case relayed(@Sendable (Data) -> Void)
  }

  /// How a program ended.
  package enum Ending: Equatable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    package var description: String {
      switch self {
      case .exited(let status): "it exited with status \(status)"
      case .signalled(let number):
        "it was ended by signal \(number) (\(String(cString: strsignal(number))))"
      }
    }
  }

  /// The program and its arguments.
  package let command: [String]
  /// Its process, process group and session.
  package let process: pid_t
  package let limits: Limits
  let standardError: StandardError
  let traces: ProcessTree.Traces
  /// Seconds of all exchanges so far.
  var spent = 0.0
  /// When it was started, as `ProcessInfo.systemUptime` counts.
  let started = ProcessInfo.processInfo.systemUptime

  var input: Int32
  var output: Int32
  var error: Int32
  /// What was read and not yet given away.
  var buffer = Data()
  /// The part of it that is known to hold no line feed.
  var searched = 0
  var ending: Ending?
  let lock = NSLock()
  var isInterrupted = false
  var isReaped = false

  /// Starts a program.
  /// - Parameters:
  ///   - command: the program, looked for in PATH if it has no slash, and its arguments.
  ///   - environment: nil for this process's own.
  ///   - folder: where it starts; nil for the present folder.
  /// - Throws: `ChildProcessError.cannotStart`.
  package init(
    _ command: [String], environment: [String: String]? = nil, folder: String? = nil,
    standardError: StandardError = .inherited, limits: Limits = Limits()
  ) throws {
    guard let program = command.first, !program.isEmpty else {
      throw ChildProcessError.cannotStart("", "no program was named")
    }
    self.command = command
    self.limits = limits
    self.standardError = standardError
    let marker = "\(ProcessTree.markerName)=\(UUID().uuidString)"
    let environment = (environment ?? ProcessInfo.processInfo.environment)
      .filter { $0.key != ProcessTree.markerName }.map { "\($0.key)=\($0.value)" }
    var found = child_started()
    var failure: Int32 = 0
    let inherits: Bool
    if case .inherited = standardError { inherits = true } else { inherits = false }
    var code: Int32 = 0
    let traces = ProcessTree.start {
      code = Self.withCStrings(command) { arguments in
        Self.withCStrings(environment + [marker]) { environment in
          Self.withCString(folder) { folder in
            var request = child_request(
              arguments: arguments, environment: environment, folder: folder,
              inherits_error: inherits ? 1 : 0, memory: UInt64(limits.memory ?? 0))
            return child_start(&request, &found, &failure)
          }
        }
      }
      guard code == 0 else { return nil }
      return ProcessTree.Traces(
        leader: found.process, marker: marker,
        pipes: Set(
          [found.input, found.output, found.error].filter { $0 >= 0 }
            .compactMap(ProcessTree.pipe)))
    }
    guard let traces else {
      let reason = String(cString: strerror(code))
      let isFolder = failure == Int32(child_failed_folder.rawValue)
      throw ChildProcessError.cannotStart(
        program, isFolder ? "the folder \(folder ?? "") cannot be entered: \(reason)" : reason)
    }
    self.traces = traces
    process = found.process
    input = found.input
    output = found.output
    error = found.error
  }

  deinit { end() }

  private static func withCStrings<T>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> T
  ) -> T {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  private static func withCString<T>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> T) -> T {
    guard let string else { return body(nil) }
    return string.withCString { body($0) }
  }
}
