import TextNotebook

/// A notebook in colour. Without the colours it is the notebook's own text, to the byte.
enum NotebookTerminalPage {
  static func text(_ notebook: Notebook, _ style: TerminalStyle) -> String {
    guard style.usesColor else { return notebook.text }
    var lines = notebook.lines
    for block in notebook.blocks {
      switch block {
      case .prose(let range):
        for i in range where lines[i].hasPrefix("#") { lines[i] = style.bold(lines[i]) }
      case .cell(let cell):
        let body = cell.range.dropFirst()
        lines[cell.range.lowerBound] = style.dim(lines[cell.range.lowerBound])
        switch cell.kind {
        case .swift, .swiftFile:
          for i in body { lines[i] = SwiftHighlighting.highlighted(lines[i], style) }
        case .tiecheck: for i in body { lines[i] = style.bold(lines[i]) }
        case .output: for i in body { lines[i] = style.green(lines[i]) }
        case .file: break
        }
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

/// Colours a line of Swift well enough to read by: comments, strings, numbers, keywords. It sees one
/// line at a time, so a string or a comment over several lines stays plain.
enum SwiftHighlighting {
  static func highlighted(_ line: String, _ style: TerminalStyle) -> String {
    var result = ""
    var rest = Substring(line)
    while let first = rest.first {
      let token: Substring
      if rest.hasPrefix("//") {
        token = rest
        result += style.dim(String(token))
      } else if first == "\"" {
        token = string(rest)
        result += style.green(String(token))
      } else if first.isLetter || first == "_" {
        token = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        result += keywords.contains(String(token)) ? style.blue(String(token)) : String(token)
      } else if first.isNumber {
        token = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        result += style.cyan(String(token))
      } else {
        token = rest.prefix(1)
        result += token
      }
      rest = rest.dropFirst(token.count)
    }
    return result
  }

  /// Up to the closing quotation mark, or the end of the line.
  private static func string(_ text: Substring) -> Substring {
    var end = text.index(after: text.startIndex)
    while end < text.endIndex {
      if text[end] == "\"" { return text[...end] }
      if text[end] == "\\" { end = text.index(after: end) }
      if end < text.endIndex { end = text.index(after: end) }
    }
    return text
  }

  private static let keywords: Set<String> = [
    "as", "await", "break", "case", "catch", "class", "continue", "defer", "do", "else", "enum",
    "extension", "false", "final", "for", "func", "guard", "if", "import", "in", "init", "inout",
    "is", "let", "mutating", "nil", "private", "protocol", "public", "repeat", "return", "self",
    "some", "any", "static", "struct", "switch", "throw", "throws", "true", "try", "var", "where",
    "while",
  ]
}
