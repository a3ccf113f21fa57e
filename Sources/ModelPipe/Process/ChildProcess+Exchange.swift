import CChildProcess
import Foundation

/// Lines to the program and lines back.
extension ChildProcess {
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
    let deadline = Deadline(limits, spent: spent, started: started)
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
        if let seconds = deadline.overall { throw ChildProcessError.overTime(seconds) }
        throw buffer.isEmpty
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

  static let lineFeed = UInt8(ascii: "\n")

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
  func readOutput(atMost count: Int) throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
    let got = read(output, &chunk, chunk.count)
    if got > 0 { buffer.append(contentsOf: chunk[..<got]) }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))
  }

  func relayError() {
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
  func write(_ pending: inout Data) throws -> Bool {
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
}

/// The earliest of three ends: of one exchange, of all exchanges together, and of everything.
private struct Deadline {
  let time: Double
  /// The limit in seconds, where it is not that of one exchange.
  let overall: Double?

  init(_ limits: ChildProcess.Limits, spent: Double, started: Double) {
    let now = ProcessInfo.processInfo.systemUptime
    var (time, overall) = (now + limits.message, nil as Double?)
    for (end, limit) in [
      (limits.total.map { now + $0 - spent }, limits.total),
      (limits.elapsed.map { started + $0 }, limits.elapsed),
    ] {
      if let end, end < time { (time, overall) = (end, limit) }
    }
    (self.time, self.overall) = (time, overall)
  }

  private var left: Double { time - ProcessInfo.processInfo.systemUptime }
  var hasPassed: Bool { left <= 0 }
  /// For poll(2); at most a minute, after which it is asked again.
  var milliseconds: Int32 { Int32(min(max(left * 1000, 0).rounded(.up), 60_000)) }
}
