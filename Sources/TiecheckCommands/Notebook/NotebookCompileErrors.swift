import Foundation

/// What the compiler says of notebooks, in terms of the notebooks.
///
/// The compiler names the notebook's lines, but quotes the file that it was made into, with that file's
/// line numbers and what was put between the cells. It also says many things several times.
struct NotebookCompileErrors {
  /// For a person to read.
  let text: String

  /// - Parameters:
  ///   - log: all that the compiler has said.
  ///   - lines: of the notebook of a name.
  init(_ log: String, lines: (String) -> [String]?) {
    let blocks = Self.blocks(log)
    let ofNotebooks = blocks.compactMap { block in
      lines(block.name).flatMap { block.isError ? block.text(quoting: $0) : nil }
    }
    var seen: Set<String> = []
    let unique = ofNotebooks.filter { seen.insert($0).inserted }
    let shown = unique.prefix(Self.most).joined(separator: "\n")
    let rest = unique.count - Self.most
    // Where nothing is said of a notebook, the log is all that is known.
    text = unique.isEmpty ? log : rest > 0 ? shown + "\nand \(rest) more\n" : shown
  }

  /// One slip makes many messages, and the first are the ones to read.
  private static let most = 5

  /// A message with the lines that the compiler quotes for it.
  private struct Block {
    /// The notebook's file name.
    let name: String
    let line: Int
    let column: Int
    let isError: Bool
    let message: String
    var quoted: [Substring] = []

    /// The message, and those quoted lines that are the notebook's own, with its line numbers.
    func text(quoting lines: [String]) -> String {
      let shift = shift(to: lines)
      let width = "\(lines.count)".count
      var result: [String] = []
      var place: Int?
      var shown: Int?
      var marked: Int?
      var isMarkedAsError = false
      var last = 0
      for text in quoted {
        if let (number, content) = Self.numbered(text) {
          // The quotation begins again.
          if number <= last { break }
          last = number
          place = number + shift
          if !lines.indices.contains(number + shift - 1) || lines[number + shift - 1] != content {
            place = nil
          }
          // An empty line proves nothing, and is worth showing only below its neighbour.
          if content.isEmpty && place != shown.map({ $0 + 1 }) { place = nil }
          if let place {
            result.append("\(padded(place, width)) | \(content)")
            shown = place
          }
        } else if let bar = text.firstIndex(of: "|"), place != nil {
          result.append(String(repeating: " ", count: width + 1) + text[bar...])
          marked = marked ?? place
          isMarkedAsError = isMarkedAsError || text.contains("error: \(message)")
        }
      }
      // What is found between the cells, or at the end of the file, began where a note says.
      let heading =
        isMarkedAsError || marked == nil ? heading(line, column) : heading(marked ?? line, 1)
      return ([heading] + (marked == nil ? [] : result)).joined(separator: "\n") + "\n"
    }

    /// What is added to a quoted line's number to make it the notebook's: what lets the most of them
    /// agree.
    private func shift(to lines: [String]) -> Int {
      let rows = quoted.compactMap(Self.numbered)
      func agreement(_ shift: Int) -> Int {
        rows.count { number, content in
          lines.indices.contains(number + shift - 1) && lines[number + shift - 1] == content
            && !content.isEmpty
        }
      }
      var best = (quotedRow.map { line - $0 }) ?? 0
      for (number, content) in rows where !content.isEmpty {
        for (i, other) in lines.enumerated() where other == content {
          if agreement(i + 1 - number) > agreement(best) { best = i + 1 - number }
        }
      }
      return best
    }

    private func heading(_ line: Int, _ column: Int) -> String {
      "\(NotebookFolder.name)/\(name):\(line):\(column): error: \(message)"
    }

    private func padded(_ number: Int, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
    }

    /// The number of the quoted line that the message stands under.
    private var quotedRow: Int? {
      var last: Int?
      for text in quoted {
        if let (number, _) = Self.numbered(text) {
          last = number
        } else if text.contains("error: \(message)") {
          return last
        }
      }
      return nil
    }

    /// "17 | let x = 1".
    private static func numbered(_ text: Substring) -> (Int, Substring)? {
      let digits = text.drop { $0 == " " }.prefix { $0.isNumber }
      let rest = text[digits.endIndex...]
      guard let number = Int(digits), rest.hasPrefix(" | ") || rest == " |" else { return nil }
      return (number, rest.dropFirst(3))
    }
  }

  private static func blocks(_ log: String) -> [Block] {
    var blocks: [Block] = []
    var isOpen = false
    for line in log.split(separator: "\n", omittingEmptySubsequences: false) {
      if let block = heading(line) {
        blocks.append(block)
        isOpen = true
      } else if line.drop(while: { $0 == " " || $0.isNumber }).first.map({ "|:".contains($0) })
        == true
      {
        if isOpen { blocks[blocks.count - 1].quoted.append(line) }
      } else {
        isOpen = false
      }
    }
    return blocks
  }

  /// "notebooks-txt/NAME.txt:8:14: error: MESSAGE", as the compiler or the notebook's own reader says it.
  private static func heading(_ line: Substring) -> Block? {
    guard let folder = line.range(of: "\(NotebookFolder.name)/"),
      let end = line.range(of: ".txt:", range: folder.upperBound..<line.endIndex)
    else { return nil }
    let name = line[folder.upperBound..<end.lowerBound] + ".txt"
    var rest = line[end.upperBound...]
    func number() -> Int? {
      let digits = rest.prefix { $0.isNumber }
      guard rest[digits.endIndex...].hasPrefix(":") else { return nil }
      rest = rest[digits.endIndex...].dropFirst()
      return Int(digits)
    }
    guard let row = number() else { return nil }
    let column = number() ?? 1
    rest = rest.drop { $0 == " " }
    guard let colon = rest.firstIndex(of: ":") else { return nil }
    return Block(
      name: String(name), line: row, column: column, isError: rest[..<colon] == "error",
      message: String(rest[colon...].dropFirst(2)))
  }
}
