/// The few pieces of GitHub's Markdown that a report is made of. Whatever comes from outside, such
/// as the name of a layer, goes through `text` or `code`, so that it is shown and never obeyed.
enum Markdown {
  /// Plain text: characters that would mean something are escaped, line breaks become spaces.
  static func text(_ string: String) -> String {
    let characters = Array(string)
    var result = ""
    for (i, character) in characters.enumerated() {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // An escaped pipe is shown with its backslash outside a table; this is shown right in both.
      case "|": result += "&#124;"
      case "$": result += "&#36;"
      case "\\", "`", "*", "[", "]", "~", "#": result += "\\\(character)"
      case "_":
        // Inside a word it means nothing.
        let isInside =
          i > 0 && i + 1 < characters.count && isWordPart(characters[i - 1])
          && isWordPart(characters[i + 1])
        result += isInside ? "_" : "\\_"
      case _ where character.isNewline: result += " "
      default: result.append(character)
      }
    }
    return result
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
  }

  /// A name in typewriter letters. A name with characters that cannot stand in those everywhere
  /// is written as plain text.
  static func code(_ string: String) -> String {
    let special: Set<Character> = ["`", "|", "<", ">", "&", "\\"]
    if string.isEmpty || string.contains(where: { special.contains($0) || $0.isNewline })
      || string.first == " " || string.last == " "
    {
      return text(string)
    }
    return "`\(string)`"
  }

  /// A block of lines to be copied, fenced by more backticks than it contains.
  static func codeBlock(_ string: String, language: String = "") -> String {
    var (longest, run) = (0, 0)
    for character in string {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(string)\n\(fence)"
  }

  /// A picture beside the page.
  static func image(_ file: String, alternative: String) -> String {
    "![\(text(alternative))](\(file))"
  }

  /// What a column holds: numbers stand at the right.
  enum Column {
    case words(String)
    case number(String)
  }

  /// A table. The cells are Markdown already.
  /// - Precondition: every row has one cell for each column.
  static func table(_ columns: [Column], _ rows: [[String]]) -> String {
    for row in rows {
      precondition(
        row.count == columns.count, "a row of \(row.count) cells under \(columns.count) columns")
    }
    let header = columns.map { column in
      switch column {
      case .words(let title), .number(let title): title
      }
    }
    let rule = columns.map { column in
      switch column {
      case .words: "---"
      case .number: "---:"
      }
    }
    return ([header, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
      .joined(separator: "\n")
  }

  /// A name for a file: lower-case ASCII letters and digits with hyphens between.
  static func slug(_ string: String) -> String {
    let words = string.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "case" : words.joined(separator: "-")
  }

  /// The anchor that GitHub gives to a heading.
  static func anchor(_ heading: String) -> String {
    var result = ""
    for character in heading.lowercased() {
      if character.isLetter || character.isNumber || character == "_" || character == "-" {
        result.append(character)
      } else if character == " " {
        result += "-"
      }
    }
    return result
  }
}
