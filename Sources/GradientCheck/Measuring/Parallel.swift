import Dispatch
import Foundation

/// What a long check tells and asks while it runs. Safe to use from several threads.
package final class CheckProgress: @unchecked Sendable {
  private let lock = NSLock()
  private var done = 0
  private var total = 0
  private var cancelled = false
  private let report: (@Sendable (_ done: Int, _ total: Int) -> Void)?

  /// - Parameter report: called now and then with the entries done and the entries known so far.
  package init(report: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil) {
    self.report = report
  }

  /// Asks the check to stop. What is finished stays; what is not is marked so.
  package func cancel() {
    lock.withLock { cancelled = true }
  }

  package var isCancelled: Bool { lock.withLock { cancelled } }

  func expect(_ count: Int) {
    lock.withLock { total += count }
  }

  func add(_ count: Int) {
    let (done, total) = lock.withLock {
      self.done += count
      return (self.done, self.total)
    }
    if let report, done / 64 > (done - count) / 64 || done == total { report(done, total) }
  }
}

/// The results of `body` for 0..<count in order, computed by `workers` threads; body(w, i) is only
/// called by worker w, one call at a time. With one worker everything stays on the calling thread.
///
/// - Throws: the first error, in the order of the items; the others finish first.
func inParallel<T>(
  count: Int, workers: Int, _ body: (_ worker: Int, _ item: Int) throws -> T
) throws -> [T] {
  guard workers > 1, count > 1 else { return try (0..<count).map { try body(0, $0) } }
  var results = [Result<T, any Error>?](repeating: nil, count: count)
  results.withUnsafeMutableBufferPointer { buffer in
    // Each item's slot is written by exactly one worker, and read after all have finished.
    nonisolated(unsafe) let slots = buffer
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: workers) { w in
      for i in stride(from: w, to: count, by: workers) {
        slots[i] = Result { try body(w, i) }
        if case .failure = slots[i]! { return }
      }
    }
  }
  if let failure = results.lazy.compactMap({ $0 }).first(where: { (try? $0.get()) == nil }) {
    _ = try failure.get()
  }
  return try results.map { try $0!.get() }
}
