import Dispatch
import Foundation

/// While it lives, Ctrl-C asks politely: what is running stops, and what comes after it does not begin.
/// A second one ends the process as usual.
///
/// A program that was started has a session of its own, which no signal from the terminal reaches: it
/// is ended before this process is.
final class Interrupt: @unchecked Sendable {
  private var sources: [any DispatchSourceSignal] = []
  /// One of its own: while a check runs on every core, no other queue comes to its turn.
  private let queue = DispatchQueue(label: "tiecheck.interrupt", qos: .userInteractive)
  private let lock = NSLock()
  private var requested = false
  private var isEnding = false
  private var cancel: (() -> Void)?
  private let startsPrograms: Bool
  /// Seconds that what is running has for stopping by itself.
  private let patience: Double?
  private var end: (() -> Void)?

  /// For a check: somebody waits at the keyboard.
  static let patienceOfACheck = 0.9

  /// Whether Ctrl-C came.
  var isRequested: Bool { lock.withLock { requested } }

  /// - Parameters:
  ///   - startsPrograms: whether programs are started, which must be ended before this process is: see
  ///     `ends`.
  ///   - patience: seconds that what is running has for stopping by itself after Ctrl-C, before the
  ///     process ends as after a second one; nil for no limit.
  init(startsPrograms: Bool = false, patience: Double? = nil) {
    self.startsPrograms = startsPrograms
    self.patience = patience
    let registered = DispatchGroup()
    for number in startsPrograms ? [SIGINT, SIGTERM, SIGHUP] : [SIGINT] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [weak self] in self?.receive(number) }
      let before = signal(number, SIG_IGN)
      // nohup asked for that, and is obeyed.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == 1 {
        // A source must have been activated before it is given up.
        source.activate()
        source.cancel()
        continue
      }
      registered.enter()
      source.setRegistrationHandler { registered.leave() }
      source.activate()
      sources.append(source)
    }
    // A signal that came before a source is ready for it would be lost.
    registered.wait()
  }

  /// How the programs that were started are ended; called at once, if this process is ending already.
  func ends(_ end: @escaping () -> Void) {
    let isLate = lock.withLock {
      self.end = end
      return isEnding
    }
    if isLate { end() }
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
      if !startsPrograms { signal(SIGINT, SIG_DFL) }
      if let patience {
        queue.asyncAfter(deadline: .now() + patience) { [weak self] in
          self?.receive(number)
        }
      }
      return
    }
    let end = lock.withLock {
      isEnding = true
      return self.end
    }
    end?()
    signal(number, SIG_DFL)
    // A thread of a dispatch queue blocks signals, and so does every thread of a process that was started
    // by one: the signal would stay pending.
    var one = sigset_t()
    sigemptyset(&one)
    sigaddset(&one, number)
    pthread_sigmask(SIG_UNBLOCK, &one, nil)
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
