import Foundation
import GSLKit

/// A table of numbers with commas between, and nothing else: no gaps, no text, no missing rows. What
/// is not certain is an error, because a wrong number would be checked as readily as a right one.
struct CSVTable {
  /// The names of the columns, if the first line has them: it does if none of its cells is a number.
  let header: [String]?
  let matrix: Matrix<Double>

  /// - Throws: `CSVError`.
  init(_ data: Data) throws {
    guard var text = String(validating: data, as: UTF8.self) else {
      throw CSVError("it is not UTF-8 text. Save it as CSV in UTF-8.")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
    guard let first = lines.first else {
      throw CSVError("it is empty; expected rows of numbers with commas between.")
    }

    let titles = Self.cells(first)
    let isHeader = titles.allSatisfy { Self.decimal($0) == nil } && titles.contains { !$0.isEmpty }
    header = isHeader ? titles.map { String($0) } : nil
    let rows = lines.dropFirst(isHeader ? 1 : 0)
    guard !rows.isEmpty else {
      throw CSVError("it has a line of names and no rows; expected rows of numbers.")
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(rows.count * titles.count)
    for (i, line) in zip(rows.indices, rows) {
      let cells = Self.cells(line)
      guard cells.count == titles.count else {
        throw CSVError(
          "line \(i + 1) has \(cells.count) cells, and line 1 has \(titles.count). Every line must "
            + "have the same number.")
      }
      for (j, cell) in cells.enumerated() {
        numbers.append(try Self.number(cell, line: i + 1, column: j + 1))
      }
    }
    matrix = try Matrix(rows: rows.count, columns: titles.count, elements: numbers)
  }

  /// The number that a cell holds, and the words for what is none: "nan", "inf". Swift would also read 0x1p-2,
  /// which no table means.
  private static func decimal(_ cell: Substring) -> Double? {
    cell.contains { "xXpP".contains($0) } ? nil : Double(cell)
  }

  private static func number(_ cell: Substring, line: Int, column: Int) throws -> Double {
    let place = "line \(line), column \(column)"
    guard !cell.isEmpty else {
      throw CSVError("\(place) is empty; expected a number. Fill it in, or remove the line.")
    }
    guard let number = decimal(cell) else {
      throw CSVError(
        "\(place) is \"\(cell.prefix(40))\"; expected a number with a point for its decimals. Turn "
          + "it into a number, or remove the column.")
    }
    guard number.isFinite else {
      throw CSVError("\(place) is \(cell); expected a finite number. Remove the line.")
    }
    return number
  }

  /// The cells of a line, without the spaces and the quotation marks around them.
  private static func cells(_ line: Substring) -> [Substring] {
    line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
      var cell = cell
      while cell.first?.isWhitespace == true { cell.removeFirst() }
      while cell.last?.isWhitespace == true { cell.removeLast() }
      if cell.count >= 2, cell.first == "\"", cell.last == "\"" {
        cell = cell.dropFirst().dropLast()
      }
      return cell
    }
  }
}

/// What is wrong with a table, in one sentence.
struct CSVError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
