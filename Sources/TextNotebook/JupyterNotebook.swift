import Foundation

/// A notebook in Jupyter's format, nbformat 4.5 (nbformat.readthedocs.io, "The Notebook file format").
///
/// For reading and for showing: the Swift kernel knows `%system`, but neither this package nor
/// `picture`.
package struct JupyterNotebook: Encodable {
  private let cells: [JupyterCell]
  private let metadata = Metadata()
  private let nbformat = 4
  private let nbformatMinor = 5

  private enum CodingKeys: String, CodingKey {
    case cells, metadata, nbformat
    case nbformatMinor = "nbformat_minor"
  }

  /// - Parameter savedPicture: the picture of a name beside the notebook.
  package init(_ notebook: Notebook, savedPicture: @escaping (String) -> String?) {
    let page = NotebookPage(notebook, savedPicture: savedPicture)
    var cells: [JupyterCell] = []
    for block in notebook.blocks {
      switch block {
      case .prose(let range):
        let lines = NotebookPage.trimmed(Array(notebook.lines[range]))
        if !lines.isEmpty {
          cells.append(JupyterCell(id: "line-\(range.lowerBound + 1)", markdown: lines))
        }
      case .cell(let cell) where cell.kind == .output:
        // Prose may stand between a cell and its output.
        if let index = cells.lastIndex(where: \.isCode) {
          cells[index].outputs = Self.outputs(cell.body, page)
        }
      case .cell(let cell):
        cells.append(JupyterCell(id: "line-\(cell.line)", code: Self.source(cell)))
      }
    }
    self.cells = cells
  }

  /// The file. The same bytes for the same notebook.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  private static func source(_ cell: Cell) -> [String] {
    switch cell.kind {
    case .swift, .swiftFile, .output: cell.body
    case .tiecheck:
      ((try? CommandLines.parse(cell, of: "")) ?? []).map { "%system \($0.text)" }
    case .file: ["// \(cell.options.name)", "/*"] + cell.body + ["*/"]
    }
  }

  private static func outputs(_ lines: [String], _ page: NotebookPage) -> [JupyterOutput] {
    var outputs: [JupyterOutput] = []
    var text: [String] = []
    func close() {
      if !text.isEmpty { outputs.append(.stream(JupyterCell.lines(text, endsLast: true))) }
      text = []
    }
    for line in lines {
      if let picture = page.picture(line) {
        close()
        outputs.append(.picture(picture))
      } else {
        text.append(line)
      }
    }
    close()
    return outputs
  }

  private struct Metadata: Encodable {
    let kernelspec = ["name": "swift", "display_name": "Swift", "language": "swift"]
    let languageInfo = ["name": "swift", "file_extension": ".swift", "mimetype": "text/x-swift"]

    enum CodingKeys: String, CodingKey {
      case kernelspec
      case languageInfo = "language_info"
    }
  }
}

private struct JupyterCell: Encodable {
  let id: String
  let isCode: Bool
  let source: [String]
  var outputs: [JupyterOutput] = []

  init(id: String, markdown lines: [String]) {
    self.id = id
    isCode = false
    source = Self.lines(lines, endsLast: false)
  }

  init(id: String, code lines: [String]) {
    self.id = id
    isCode = true
    source = Self.lines(lines, endsLast: false)
  }

  /// Lines with their ends, as Jupyter splits a text.
  static func lines(_ lines: [String], endsLast: Bool) -> [String] {
    lines.enumerated().map { endsLast || $0 < lines.count - 1 ? $1 + "\n" : $1 }
  }

  private enum CodingKeys: String, CodingKey {
    case id, source, outputs, metadata
    case cellType = "cell_type"
    case executionCount = "execution_count"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(isCode ? "code" : "markdown", forKey: .cellType)
    try container.encode([String: String](), forKey: .metadata)
    try container.encode(source, forKey: .source)
    if isCode {
      try container.encodeNil(forKey: .executionCount)
      try container.encode(outputs, forKey: .outputs)
    }
  }
}

private enum JupyterOutput: Encodable {
  case stream([String])
  case picture(NotebookPicture)

  private enum CodingKeys: String, CodingKey {
    case name, text, data, metadata
    case outputType = "output_type"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .stream(let lines):
      try container.encode("stream", forKey: .outputType)
      try container.encode("stdout", forKey: .name)
      try container.encode(lines, forKey: .text)
    case .picture(let picture):
      try container.encode("display_data", forKey: .outputType)
      try container.encode([String: String](), forKey: .metadata)
      try container.encode(
        ["image/svg+xml": picture.svg, "text/plain": picture.title], forKey: .data)
    }
  }
}
