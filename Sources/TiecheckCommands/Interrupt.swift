import Dispatch
import Foundation

/// While it lives, Ctrl-C asks politely: what is running stops, and what comes after it does not begin.
/// A second one ends the process as usual.
final class Interrupt: @unchecked Sendable {
  private let source: any DispatchSourceSignal
  private let lock = NSLock()
  private var requested = false
  private var stop: (() -> Void)?

  /// Whether Ctrl-C came.
  var isRequested: Bool { lock.withLock { requested } }

  init() {
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { [weak self] in
      self?.request()
      signal(SIGINT, SIG_DFL)
    }
    signal(SIGINT, SIG_IGN)
    source.activate()
  }

  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }

  /// What Ctrl-C does.
  func request() {
    lock.withLock {
      requested = true
      stop?()
    }
  }

  /// How what is running now is stopped; called at once, if Ctrl-C came before.
  func watch(_ stop: @escaping () -> Void) {
    lock.withLock {
      self.stop = stop
      if requested { stop() }
    }
  }
}
