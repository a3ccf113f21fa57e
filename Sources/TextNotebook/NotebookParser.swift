/// Finds prose and cells in lines. Whatever could be taken for a cell and is none is an error: code
/// that looks as if it ran must run.
struct NotebookParser {
  let lines: [String]
  let name: String
  private(set) var blocks: [Notebook.Block] = []
  private var next = 0

  init(lines: [String], name: String) {
    self.lines = lines
    self.name = name
  }

  /// - Throws: `NotebookError`.
  mutating func parse() throws {
    var lastStep: Cell?
    while next < lines.count {
      guard lines[next].hasPrefix("%%") else {
        try parseProse()
        continue
      }
      let cell = try parseCell()
      if cell.kind == .output {
        guard let step = lastStep else { throw outputWithoutCell(cell) }
        guard step.kind == .swift || step.kind == .tiecheck else {
          throw error(
            cell.line,
            "the cell above, \"\(step.kind.rawValue)\" of line \(step.line), prints nothing."
              + " Take this output away.")
        }
        lastStep = nil
      } else {
        lastStep = cell
      }
      blocks.append(.cell(cell))
    }
  }

  private func outputWithoutCell(_ cell: Cell) -> NotebookError {
    let other = blocks.lazy.reversed().compactMap { block -> Cell? in
      if case .cell(let cell) = block { cell } else { nil }
    }.first
    return error(
      cell.line,
      other.map { "the cell above has an output already, in line \($0.line). Keep one of the two." }
        ?? "an output without a cell above it. An output records what the cell above printed.")
  }

  // MARK: Prose

  /// Lines up to the next cell. Only lists and displays are indented.
  private mutating func parseProse() throws {
    let start = next
    var isInList = false
    while next < lines.count, !lines[next].hasPrefix("%%") {
      let line = lines[next]
      let indent = Self.indent(of: line)
      if indent == line.utf8.count {
        // An empty line ends neither a list nor a display.
      } else if indent == 0 {
        isInList = Self.beginsItem(line) || (isInList && !lines[next - 1].isEmpty)
      } else if !isInList && !isDisplay(next, from: start, indent: indent) {
        throw error(
          next + 1,
          "indented text that belongs to no cell. A cell begins with a line such as \"%% swift\" and "
            + "ends at the next line at column 0; prose stands at column 0 (a display: four spaces, "
            + "below an empty line).")
      }
      next += 1
    }
    blocks.append(.prose(start..<next))
  }

  /// Four spaces or more, below an empty line or another line of the display.
  private func isDisplay(_ index: Int, from start: Int, indent: Int) -> Bool {
    guard indent >= 4, index > start else { return false }
    let above = lines[index - 1]
    return Self.isBlank(above) || Self.indent(of: above) >= 4
  }

  /// "- ", "* ", "1. ".
  private static func beginsItem(_ line: String) -> Bool {
    if line.hasPrefix("- ") || line.hasPrefix("* ") { return true }
    let number = line.prefix { $0.isASCII && $0.isNumber }
    return !number.isEmpty && line.dropFirst(number.count).hasPrefix(". ")
  }

  // MARK: Cells

  private mutating func parseCell() throws -> Cell {
    let line = next + 1
    let (kind, options) = try CellHeader(lines[next], at: line, of: name).parse()
    next += 1
    var body: [String] = []
    var blank = 0
    while next < lines.count {
      let text = lines[next]
      let indent = Self.indent(of: text)
      if Self.isBlank(text) {
        blank += 1
      } else if indent >= 2 {
        body += Array(repeating: "", count: blank)
        blank = 0
        body.append(String(text.unicodeScalars.dropFirst(2)))
      } else if indent == 1 {
        throw error(
          next + 1, "one space before the text. A cell's body is indented by two, prose by none.")
      } else {
        break
      }
      next += 1
    }
    // Empty lines at the end belong to the page.
    next -= blank
    guard !body.isEmpty || kind == .output else {
      throw error(
        line, "the cell opened here has no body. Indent the body by two spaces, below this line.")
    }
    let cell = Cell(kind: kind, options: options, line: line, body: body)
    if kind == .tiecheck {
      _ = try CommandLines.parse(cell, of: name)
    }
    return cell
  }

  /// Counted in bytes: a space before a combining accent is a character of its own with it.
  private static func indent(of line: String) -> Int {
    line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
  }

  private static func isBlank(_ line: String) -> Bool { indent(of: line) == line.utf8.count }

  private func error(_ line: Int, _ sentence: String) -> NotebookError {
    NotebookError(notebook: name, line: line, sentence: sentence)
  }
}
