import Dispatch
import Foundation
import ModelPipe

/// While it lives, Ctrl-C asks politely: what is running stops, and what comes after it does not begin.
/// A second one ends the process as usual.
///
/// A program that was started has a session of its own, which no signal from the terminal reaches: it
/// is ended before this process is.
final class Interrupt: @unchecked Sendable {
  private var sources: [any DispatchSourceSignal] = []
  private let lock = NSLock()
  private var requested = false
  private var stop: (() -> Void)?
  private let program: ChildProcess?

  /// Whether Ctrl-C came.
  var isRequested: Bool { lock.withLock { requested } }

  /// - Parameter program: what is to be ended before this process is.
  init(ending program: ChildProcess? = nil) {
    self.program = program
    for number in program == nil ? [SIGINT] : [SIGINT, SIGTERM, SIGHUP] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.receive(number) }
      signal(number, SIG_IGN)
      source.activate()
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
    if number == SIGINT, !isRequested {
      request()
      if program == nil { signal(SIGINT, SIG_DFL) }
      return
    }
    program?.interrupt()
    signal(number, SIG_DFL)
    raise(number)
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
