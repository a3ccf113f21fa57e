import Foundation

/// A line on a terminal's standard error that says how far a check is; nothing anywhere else.
final class ProgressLine: Sendable {
  private let name: String
  private let isShown: Bool
  private let console = Console.current

  init(_ name: String, isShown: Bool) {
    self.name = name
    self.isShown = isShown && Console.current.isErrorTerminal
  }

  func show(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    console.error(Data("\r\(name): \(100 * done / total) % of \(total) entries\u{1B}[K".utf8))
  }

  /// Takes the line away.
  func clear() {
    guard isShown else { return }
    console.error(Data("\r\u{1B}[K".utf8))
  }
}
