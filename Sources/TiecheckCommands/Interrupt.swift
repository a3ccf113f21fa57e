import Dispatch
import Foundation
import GradientCheck
import ModelPipe

/// While it lives, Ctrl-C asks politely: the check that is running stops, and those that come after it
/// do not begin. A second one ends the process as usual.
///
/// A program that was started has a session of its own, which no signal from the terminal reaches: it
/// is ended before this process is.
final class Interrupt: @unchecked Sendable {
  private var sources: [any DispatchSourceSignal] = []
  private let lock = NSLock()
  private var isRequested = false
  private var running: CheckProgress?
  private let program: ChildProcess?

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
    let isSecond = lock.withLock { isRequested }
    if number == SIGINT, !isSecond {
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
