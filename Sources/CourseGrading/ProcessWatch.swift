import Foundation
import ModelPipe

/// The programs that run now, so that all of them can be ended from another thread.
package final class ProcessWatch: @unchecked Sendable {
  private let lock = NSLock()
  private var running: [ObjectIdentifier: ChildProcess] = [:]
  private var isEnded = false

  package init() {}

  /// Ends what runs, and everything that is started later.
  package func end() {
    let processes = lock.withLock {
      isEnded = true
      return Array(running.values)
    }
    for process in processes { process.interrupt() }
  }

  package var hasEnded: Bool { lock.withLock { isEnded } }

  func add(_ process: ChildProcess) {
    let isEnded = lock.withLock {
      running[ObjectIdentifier(process)] = process
      return self.isEnded
    }
    if isEnded { process.interrupt() }
  }

  func remove(_ process: ChildProcess) {
    lock.withLock { running[ObjectIdentifier(process)] = nil }
  }

  func during<T>(_ process: ChildProcess, _ body: () throws -> T) rethrows -> T {
    add(process)
    defer { remove(process) }
    return try body()
  }
}
