/// A notebook as a Markdown page.
package struct NotebookPage {
  private let notebook: Notebook
  private let savedPicture: (String) -> String?

  /// - Parameter savedPicture: the picture of a name beside the notebook.
  package init(_ notebook: Notebook, savedPicture: @escaping (String) -> String?) {
    self.notebook = notebook
    self.savedPicture = savedPicture
  }

  /// Prose as it stands, code in fences, pictures in their places.
  package var markdown: String {
    let parts = notebook.blocks.map { block in
      switch block {
      case .prose(let range): Self.trimmed(Array(notebook.lines[range])).joined(separator: "\n")
      case .cell(let cell): text(of: cell)
      }
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// The pictures that the notebook shows, each once.
  package var pictures: [NotebookPicture] {
    var seen: Set<String> = []
    return notebook.cells.filter { $0.kind == .output }.flatMap(\.body)
      .compactMap(picture).filter { seen.insert($0.name).inserted }
  }

  private func text(of cell: Cell) -> String {
    switch cell.kind {
    case .swift, .swiftFile: return Self.fenced(cell.body, as: "swift")
    case .tiecheck: return Self.fenced(cell.body, as: "console")
    case .file:
      let language = cell.options.name.split(separator: ".").last.map(String.init) ?? ""
      return "`\(cell.options.name)`:\n\n"
        + Self.fenced(cell.body, as: ["py": "python"][language] ?? language)
    case .output: return output(cell)
    }
  }

  private func output(_ cell: Cell) -> String {
    var parts: [String] = []
    var lines: [String] = []
    func close() {
      if !lines.isEmpty { parts.append(Self.fenced(lines, as: "text")) }
      lines = []
    }
    for line in cell.body {
      if let picture = picture(line) {
        close()
        let title = picture.title.filter { !"[]\n".contains($0) }
        parts.append("![\(title)](\(picture.name))")
      } else {
        lines.append(line)
      }
    }
    close()
    return parts.joined(separator: "\n\n")
  }

  /// The picture that a line of an output stands for.
  func picture(_ line: String) -> NotebookPicture? {
    guard line.hasPrefix(NotebookPicture.mark) else { return nil }
    let name = String(line.dropFirst(NotebookPicture.mark.count))
    guard CellHeader.isFileName(name) else { return nil }
    return savedPicture(name).map { NotebookPicture(name: name, svg: $0) }
  }

  /// Between fences longer than any in it.
  private static func fenced(_ lines: [String], as language: String) -> String {
    let longest = lines.map { $0.prefix { $0 == "`" }.count }.max() ?? 0
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(lines.joined(separator: "\n"))\n\(fence)"
  }

  /// Without empty lines at both ends.
  static func trimmed(_ lines: [String]) -> [String] {
    func isBlank(_ line: String) -> Bool { line.allSatisfy { $0 == " " } }
    return Array(lines.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
