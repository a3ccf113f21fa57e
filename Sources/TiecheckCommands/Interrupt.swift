import Dispatch
import Foundation

/// While it lives, Ctrl-C asks politely; a second one ends the process as usual.
final class Interrupt {
  private let source: any DispatchSourceSignal

  init(_ ask: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
      ask()
      signal(SIGINT, SIG_DFL)
    }
    signal(SIGINT, SIG_IGN)
    source.activate()
  }

  func stop() {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
