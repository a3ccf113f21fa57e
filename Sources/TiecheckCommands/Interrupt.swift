import Dispatch
import Foundation
import GradientCheck

/// While it lives, Ctrl-C asks politely: the check that is running stops, and those that come after it
/// do not begin. A second one ends the process as usual.
final class Interrupt: @unchecked Sendable {
  private let source: any DispatchSourceSignal
  private let lock = NSLock()
  private var isRequested = false
  private var running: CheckProgress?

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
      isRequested = true
      running?.cancel()
    }
  }

  /// The check that is to be stopped; at once, if Ctrl-C came before.
  func watch(_ progress: CheckProgress) {
    lock.withLock {
      running = progress
      if isRequested { progress.cancel() }
    }
  }
}
