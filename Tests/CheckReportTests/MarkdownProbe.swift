import CheckReport
import Foundation
import Testing

/// Reads a page back, as far as reports use Markdown.
struct MarkdownProbe {
  struct Table {
    let header: [String]
    let rows: [[String]]
  }

  let lines: [String]
  let tables: [Table]
  /// The targets of pictures, and their alternative texts.
  let images: [(alternative: String, file: String)]
  /// The targets of links that are not pictures.
  let links: [String]
  let headings: [String]

  init(_ page: String) {
    lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    headings = lines.filter { $0.hasPrefix("#") }
    var tables: [Table] = []
    var block: [[String]] = []
    for line in lines + [""] {
      if line.hasPrefix("|") {
        block.append(Self.cells(line))
      } else if !block.isEmpty {
        tables.append(Table(header: block[0], rows: Array(block.dropFirst())))
        block = []
      }
    }
    self.tables = tables
    images = page.matches(of: /!\[((?:[^\]\\]|\\.)*)\]\(([^)]*)\)/)
      .map { (alternative: String($0.output.1), file: String($0.output.2)) }
    links = page.matches(of: /(?:^|[^!\\])\[(?:[^\]\\]|\\.)*\]\(([^)]*)\)/)
      .map { String($0.output.1) }
  }

  /// The page among the files.
  init(_ files: [ReportFile]) throws {
    let page = try #require(files.first { $0.name == MarkdownReport.pageName })
    self.init(try #require(String(data: page.contents, encoding: .utf8)))
  }

  /// The table whose header begins with these titles.
  func table(_ titles: String...) throws -> Table {
    try #require(tables.first { Array($0.header.prefix(titles.count)) == titles })
  }

  var text: String { lines.joined(separator: "\n") }

  /// GitHub splits a row at every pipe without a backslash, even inside a code span.
  private static func cells(_ line: String) -> [String] {
    var cells = [""]
    var isEscaped = false
    for character in line.dropFirst() {
      if character == "|" && !isEscaped {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
      isEscaped = character == "\\" && !isEscaped
    }
    return cells.dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
