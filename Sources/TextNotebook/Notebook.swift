import Foundation

/// A plain text file of prose and cells.
///
/// Prose stands at column 0. A cell starts with a line such as "%% swift", its body is indented by two
/// spaces, and it ends at the next line at column 0:
///
///     A question.
///
///     %% swift
///       print(1 + 1)
///     %% output
///       2
///
/// The kinds of cells are those of `Cell.Kind`; options follow them as key=value. Prose is Markdown; a
/// display is indented by four spaces or more below an empty line, and the items of a list may go on
/// indented.
package struct Notebook: Equatable, Sendable {
  /// The file's name, such as "01-one-derivative.txt".
  package let name: String
  /// The file, line by line.
  package let lines: [String]
  /// Prose and cells, in order.
  package let blocks: [Block]

  package enum Block: Equatable, Sendable {
    /// Lines of prose, counted from 0: no cell in it.
    case prose(Range<Int>)
    case cell(Cell)
  }

  /// - Parameter name: the file's name, for errors.
  /// - Throws: `NotebookError`.
  package init(_ data: Data, name: String) throws {
    let lines = try NotebookText.lines(data, name: name)
    var parser = NotebookParser(lines: lines, name: name)
    try parser.parse()
    self.name = name
    self.lines = lines
    blocks = parser.blocks
  }

  /// The same from a text.
  package init(_ text: String, name: String) throws { try self.init(Data(text.utf8), name: name) }

  /// The name of a notebook that is compiled stands in Swift code.
  /// - Throws: `NotebookError` for a file name with other characters.
  package static func checkName(_ name: String) throws {
    guard !CellHeader.isFileName(name) else { return }
    throw NotebookError(
      notebook: name, line: 1,
      sentence: "a notebook's file name has letters, digits, '-', '_' and '.' only. Rename it.")
  }

  /// The file's text.
  package var text: String { lines.map { $0 + "\n" }.joined() }

  /// The name without ".txt".
  package var stem: String { name.hasSuffix(".txt") ? String(name.dropLast(4)) : name }

  /// Every cell, outputs included.
  package var cells: [Cell] {
    blocks.compactMap { block in
      if case .cell(let cell) = block { cell } else { nil }
    }
  }

  /// The cells that do something when the notebook runs, each with the output that is recorded for it.
  package var steps: [Step] {
    var steps: [Step] = []
    for cell in cells {
      if cell.kind == .output {
        steps[steps.count - 1].output = cell
      } else if cell.kind != .swiftFile {
        steps.append(Step(number: steps.count, cell: cell))
      }
    }
    return steps
  }

  /// The first line of prose, without the marks of a heading.
  package var title: String {
    let first = lines.first { !$0.isEmpty && !$0.hasPrefix("%%") && !$0.hasPrefix(" ") } ?? stem
    return String(first.drop { $0 == "#" || $0 == " " })
  }
}

/// A cell that runs, and what is recorded to have come of it.
package struct Step: Equatable, Sendable {
  /// Its place among the steps, counted from 0.
  package let number: Int
  package let cell: Cell
  package var output: Cell?
}

/// A cell of a notebook.
package struct Cell: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// Swift, run in the one scope that all such cells of a notebook share.
    case swift
    /// Swift at file scope: imports, types, extensions.
    case swiftFile = "swift file"
    /// Command lines after "$ ".
    case tiecheck
    /// A file that is written before the cells below run.
    case file
    /// What the cell above printed.
    case output
  }

  package let kind: Kind
  package let options: CellOptions
  /// The line of its "%%", counted from 1.
  package let line: Int
  /// Its body without the two spaces.
  package let body: [String]

  /// Its lines in `Notebook.lines`, "%%" included, counted from 0.
  package var range: Range<Int> { line - 1..<line + body.count }
}

/// What may follow a cell's kind.
package struct CellOptions: Equatable, Sendable {
  /// How far numbers of an output may differ from what is recorded: atol + rtol |recorded|.
  package var tolerance = Tolerance.exact
  /// What a tiecheck cell needs: programs, or "PROGRAM:MODULE" for a module of Python.
  package var needs: [String] = []
  /// The name of a file cell's file.
  package var name = ""
}

/// How far two numbers may lie apart and still be called the same.
package struct Tolerance: Equatable, Sendable {
  package var relative: Double
  package var absolute: Double

  package static let exact = Tolerance(relative: 0, absolute: 0)

  package init(relative: Double, absolute: Double) {
    self.relative = relative
    self.absolute = absolute
  }

  var isExact: Bool { relative == 0 && absolute == 0 }

  /// |actual - expected| <= atol + rtol |expected|, as numpy.isclose has it.
  func accepts(_ actual: Double, for expected: Double) -> Bool {
    abs(actual - expected) <= absolute + relative * abs(expected)
  }
}
