import Dispatch
import Foundation

/// While it lives, Ctrl-C asks politely: what is running stops, and what comes after it does not begin.
/// A second one ends the process as usual.
///
/// A program that was started has a session of its own, which no signal from the terminal reaches: it
/// is ended before this process is.
final class Interrupt: @unchecked Sendable {
  private var sources: [any DispatchSourceSignal] = []
  private let lock = NSLock()
  private var requested = false
  private var isEnding = false
  private var cancel: (() -> Void)?
  private let end: (() -> Void)?

  /// Whether Ctrl-C came.
  var isRequested: Bool { lock.withLock { requested } }

  /// - Parameter end: ends the programs that were started, before this process is ended.
  init(ending end: (() -> Void)? = nil) {
    self.end = end
    for number in end == nil ? [SIGINT] : [SIGINT, SIGTERM, SIGHUP] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.receive(number) }
      let before = signal(number, SIG_IGN)
      // A source must have been activated before it is given up.
      source.activate()
      // nohup asked for that, and is obeyed.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == 1 {
        source.cancel()
        continue
      }
      sources.append(source)
    }
  }

  deinit {
    for source in sources {
      source.cancel()
      signal(Int32(source.handle), SIG_DFL)
    }
  }

  private func receive(_ number: Int32) {
    let isSecond = isRequested
    if number == SIGINT, !isSecond {
      request()
      if end == nil { signal(SIGINT, SIG_DFL) }
      return
    }
    lock.withLock { isEnding = true }
    end?()
    signal(number, SIG_DFL)
    // Not raise(3): a thread of a dispatch queue blocks signals, and there it would stay pending.
    kill(getpid(), number)
  }

  /// Waits for the signal that is about to end this process, if one is: the programs that were started
  /// are ended first, and what they leave undone must not end this process with a status of its own.
  func awaitEnd() {
    // No longer than a signal takes.
    if lock.withLock({ isEnding }) { sleep(5) }
  }

  /// What Ctrl-C does.
  func request() {
    lock.withLock {
      requested = true
      cancel?()
    }
  }

  /// How what is running now is stopped; called at once, if Ctrl-C came before.
  func watch(_ cancel: @escaping () -> Void) {
    lock.withLock {
      self.cancel = cancel
      if requested { cancel() }
    }
  }
}
