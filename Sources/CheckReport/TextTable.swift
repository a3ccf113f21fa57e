/// A table for the terminal: columns as wide as their widest cell, two spaces apart.
struct TextTable {
  enum Alignment { case left, right }

  let columns: [(title: String, alignment: Alignment)]
  var rows: [[String]] = []

  init(_ columns: [(String, Alignment)]) {
    self.columns = columns.map { (title: $0.0, alignment: $0.1) }
  }

  /// The title line and then one line for each row, without spaces at their ends.
  /// - Parameter indent: how many spaces stand before each line.
  func lines(indent: Int = 0) -> [String] {
    let table = [columns.map(\.title)] + rows
    let widths = columns.indices.map { c in table.map { $0[c].count }.max() ?? 0 }
    return table.map { row in
      let cells = row.indices.map { c in
        let space = String(repeating: " ", count: widths[c] - row[c].count)
        return columns[c].alignment == .left ? row[c] + space : space + row[c]
      }
      var line = String(repeating: " ", count: indent) + cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
