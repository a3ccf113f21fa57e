import Foundation
import GradientCheck

/// A line on a terminal's standard error that says how far a check is; nothing anywhere else.
final class ProgressLine: Sendable {
  private let name: String
  private let isShown: Bool
  private let console = Console.current
  private let start = ContinuousClock.now

  init(_ name: String, isShown: Bool) {
    self.name = harmless(name)
    self.isShown = isShown && Console.current.isErrorTerminal
  }

  func show(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let passed = ContinuousClock.now - start
    let left = done == 0 ? "" : Self.text(timeLeft: passed * (Double(total - done) / Double(done)))
    console.error(
      Data("\r\(name): \(100 * done / total) % of \(total) entries\(left)\u{1B}[K".utf8))
  }

  /// What is left if the rest takes as long as what was done; nothing below a second.
  static func text(timeLeft: Duration) -> String {
    let seconds = timeLeft.components.seconds
    return seconds < 1
      ? "" : seconds < 120 ? ", about \(seconds) s left" : ", about \(seconds / 60) min left"
  }

  /// Takes the line away.
  func clear() {
    guard isShown else { return }
    console.error(Data("\r\u{1B}[K".utf8))
  }
}
