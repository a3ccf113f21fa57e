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
    /// Bytes of the longest line that is read.
    package var bytes = 128 << 20
    /// Bytes of address space, of the program and of each of its own children; nil for no limit.
    package var memory: Int?

    package init(
      message: Double = 60, total: Double? = nil, bytes: Int = 128 << 20, memory: Int? = nil
    ) {
      self.message = message
      self.total = total
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
  private let standardError: StandardError
  private let traces: ProcessTree.Traces
  /// Seconds of all exchanges so far.
  private var spent = 0.0

  private var input: Int32
  private var output: Int32
  private var error: Int32
  /// What was read and not yet given away.
  private var buffer = Data()
  /// The part of it that is known to hold no line feed.
  private var searched = 0
  private var ending: Ending?
  private let lock = NSLock()
  private var isInterrupted = false
  private var isReaped = false

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

  // MARK: Talking

  /// Sends a line and gives the next line that comes back, both without their line feed.
  /// - Parameter limit: the longest answer in bytes, if less than `limits.bytes`.
  /// - Throws: `ChildProcessError`; then the program has been ended, and can answer nothing more.
  package func exchange(_ message: Data, limit: Int? = nil) throws -> Data {
    guard ending == nil else { throw ChildProcessError.ended(ending!) }
    let begun = ProcessInfo.processInfo.systemUptime
    defer { spent += ProcessInfo.processInfo.systemUptime - begun }
    do {
      return try tryExchange(message, limit: min(limit ?? .max, limits.bytes))
    } catch {
      end()
      throw error
    }
  }

  private func tryExchange(_ message: Data, limit: Int) throws -> Data {
    var pending = message + Data([Self.lineFeed])
    let deadline = Deadline(limits, spent: spent)
    var isAsked = false
    while true {
      try requireNotInterrupted()
      // Before the question is out there is nothing to say.
      if !isAsked, !buffer.isEmpty || hasOutput { throw try unasked() }
      if let line = takeLine() { return line }
      guard buffer.count <= limit else { throw ChildProcessError.tooMuch(limit) }
      var descriptors = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
      if error >= 0 { descriptors.append(pollfd(fd: error, events: Int16(POLLIN), revents: 0)) }
      if !pending.isEmpty {
        descriptors.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0))
      }
      isAsked = true
      // 0 after the time, or less if a signal came between.
      let isReady = poll(&descriptors, nfds_t(descriptors.count), deadline.milliseconds) > 0
      if deadline.hasPassed {
        // What is there by now still counts. Standard error that never falls silent is no answer, nor are
        // bytes that never make a line.
        if isReady, descriptors[0].revents != 0 {
          guard try readOutput(atMost: limit + 1 - buffer.count) else { throw try gone() }
          if let line = takeLine() { return line }
        }
        throw deadline.isTotal
          ? ChildProcessError.overTime(limits.total ?? 0)
          : buffer.isEmpty
            ? ChildProcessError.silent(limits.message) : ChildProcessError.slow(limits.message)
      }
      guard isReady else { continue }
      for descriptor in descriptors where descriptor.revents != 0 {
        switch descriptor.fd {
        case output:
          guard try readOutput(atMost: limit + 1 - buffer.count) else { throw try gone() }
        case error: relayError()
        default: if try !write(&pending) { throw try gone() }
        }
      }
    }
  }

  private static let lineFeed = UInt8(ascii: "\n")

  private func takeLine() -> Data? {
    guard let length = lineLength else { return nil }
    let line = buffer.prefix(length)
    buffer = Data(buffer.dropFirst(length + 1))
    searched = 0
    return Data(line)
  }

  /// Bytes before the first line feed; nil if there is none.
  private var lineLength: Int? {
    let (searched, count) = (searched, buffer.count)
    let found = buffer.withUnsafeBytes { bytes -> Int? in
      guard let start = bytes.baseAddress, searched < count,
        let end = memchr(start + searched, Int32(Self.lineFeed), count - searched)
      else { return nil }
      return UnsafeRawPointer(end) - start
    }
    self.searched = found ?? count
    return found
  }

  private var hasOutput: Bool {
    var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }

  /// Output that nothing asked for; or the end of a program, which looks alike.
  private func unasked() throws -> ChildProcessError {
    if buffer.isEmpty, try !readOutput(atMost: 4096) { return try gone() }
    return .unasked(excerpt(buffer.prefix(lineLength ?? buffer.count)))
  }

  /// Why nothing more can come.
  private func gone() throws -> ChildProcessError {
    try requireNotInterrupted()
    // What closes its output is about to exit, or it pretends to.
    _ = wait(seconds: 0.3)
    return ending.map { .ended($0) } ?? .closed
  }

  /// False at the end of the output.
  private func readOutput(atMost count: Int) throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
    let got = read(output, &chunk, chunk.count)
    if got > 0 { buffer.append(contentsOf: chunk[..<got]) }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))
  }

  private func relayError() {
    guard error >= 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let got = read(error, &chunk, chunk.count)
    if got > 0, case .relayed(let relay) = standardError { relay(Data(chunk[..<got])) }
    if got == 0 {
      close(error)
      error = -1
    }
  }

  /// False where the reader is gone.
  private func write(_ pending: inout Data) throws -> Bool {
    let written = pending.prefix(1 << 16).withUnsafeBytes {
      child_write(input, $0.baseAddress, $0.count)
    }
    guard written >= 0 else { return errno == EAGAIN || errno == EINTR }
    pending = pending.dropFirst(written)
    return true
  }

  private func requireNotInterrupted() throws {
    if lock.withLock({ isInterrupted }) { throw ChildProcessError.interrupted }
  }

  // MARK: Ending

  /// Closes the program's input, waits for it to exit, and then ends whatever is left of it.
  /// - Parameters:
  ///   - message: a last line, to which no answer is expected.
  ///   - seconds: how long it may take.
  @discardableResult
  package func finish(_ message: Data? = nil, within seconds: Double = 2) -> Ending {
    guard ending == nil else { return ending! }
    if let message {
      // No more than a pipe takes at once: what does not read will not be waited for.
      var pending = message + Data([Self.lineFeed])
      _ = try? write(&pending)
    }
    close(input)
    input = -1
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    // Something may be left to say, and a full pipe would keep it from exiting.
    while !wait(seconds: 0), ProcessInfo.processInfo.systemUptime < deadline {
      var descriptors = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
      if error >= 0 { descriptors.append(pollfd(fd: error, events: Int16(POLLIN), revents: 0)) }
      guard poll(&descriptors, nfds_t(descriptors.count), 20) > 0 else { continue }
      buffer.removeAll()
      searched = 0
      if descriptors[0].revents != 0, (try? readOutput(atMost: 1 << 16)) != true {
        usleep(5000)
      }
      if descriptors.count > 1, descriptors[1].revents != 0 { relayError() }
    }
    return end()
  }

  /// Kills the process group and everything that left it, and says how the program itself ended.
  @discardableResult
  package func end() -> Ending {
    if isReaped { return ending! }
    _ = wait(seconds: 0)
    lock.withLock {
      // Not reaped yet, its number is still its own.
      ProcessTree.kill(traces)
      if ending == nil { ending = Self.reap(process) } else { _ = Self.reap(process) }
      isReaped = true
    }
    ProcessTree.unregister(process)
    for _ in 0..<64 where error >= 0 {
      var descriptor = pollfd(fd: error, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, 0) > 0 else { break }
      relayError()
    }
    for descriptor in [input, output, error] where descriptor >= 0 { close(descriptor) }
    (input, output, error) = (-1, -1, -1)
    return ending!
  }

  /// Ends the program's group from another thread; an exchange that waits for it throws.
  package func interrupt() {
    lock.withLock {
      isInterrupted = true
      if !isReaped { ProcessTree.kill(traces) }
    }
  }

  /// Whether the program has exited, asked for so long. It stays a zombie, so that nothing else can be
  /// given its number.
  private func wait(seconds: Double) -> Bool {
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    repeat {
      var information = siginfo_t()
      if waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
        let found = Self.ending(information, of: process)
      {
        ending = found
        return true
      }
      if seconds > 0 { usleep(2000) }
    } while ProcessInfo.processInfo.systemUptime < deadline
    return false
  }

  private static func ending(_ information: siginfo_t, of process: pid_t) -> Ending? {
    #if os(Linux)
      let (pid, status) = (
        information._sifields._sigchld.si_pid, information._sifields._sigchld.si_status
      )
    #else
      let (pid, status) = (information.si_pid, information.si_status)
    #endif
    guard pid == process else { return nil }
    return information.si_code == CLD_EXITED ? .exited(status) : .signalled(status)
  }

  private static func reap(_ process: pid_t) -> Ending {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
  }

  // MARK: C strings

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

/// The earlier of two ends: of one exchange, and of everything.
private struct Deadline {
  let time: Double
  let isTotal: Bool

  init(_ limits: ChildProcess.Limits, spent: Double) {
    let total = limits.total.map { $0 - spent } ?? .infinity
    time = ProcessInfo.processInfo.systemUptime + min(limits.message, total)
    isTotal = total < limits.message
  }

  private var left: Double { time - ProcessInfo.processInfo.systemUptime }
  var hasPassed: Bool { left <= 0 }
  /// For poll(2); at most a minute, after which it is asked again.
  var milliseconds: Int32 { Int32(min(max(left * 1000, 0).rounded(.up), 60_000)) }
}

/// Bytes of a program as they may stand in a sentence.
func excerpt(_ bytes: some Sequence<UInt8>) -> String {
  let shown = Array(bytes.prefix(61))
  return plain(String(decoding: shown.prefix(60), as: UTF8.self), 60)
    + (shown.count > 60 ? "..." : "")
}

/// A program's words as they may be shown: no longer than so many scalars (of characters each may be as long as
/// it likes), and with nothing in them that moves a cursor or turns a line around.
package func plain(
  _ text: some StringProtocol, _ length: Int, keeping kept: String = ""
) -> String {
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars.prefix(length) {
    let isPlain =
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    shown.append(isPlain || kept.unicodeScalars.contains(scalar) ? scalar : "?")
  }
  return String(shown)
}
