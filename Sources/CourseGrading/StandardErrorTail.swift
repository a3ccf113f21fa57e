import Foundation

/// The end of what a program wrote to standard error; of a crash, the line that says why.
final class StandardErrorTail: @unchecked Sendable {
  private let lock = NSLock()
  private let folder: String
  private var data = Data()

  init(without folder: String) { self.folder = folder }

  func hear(_ more: Data) { lock.withLock { data = Data((data + more).suffix(1 << 16)) } }

  var text: String {
    let lines = String(decoding: lock.withLock { data }, as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    let fatal = lines.filter { $0.contains("Fatal error:") }.suffix(1)
    let before = lines.prefix { !$0.hasPrefix("Current stack trace:") }.suffix(6)
    return (fatal.isEmpty ? before : fatal)
      .map { excerpt($0.replacing(folder + "/", with: ""), 200) }.joined(separator: "\n")
  }
}
