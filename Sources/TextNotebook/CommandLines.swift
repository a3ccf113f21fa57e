/// One command line of a tiecheck cell.
struct CommandLines {
  /// Its words without quotes, "tiecheck" not among them.
  let words: [String]
  /// The line as it is written, a continued one in one piece.
  let text: String

  /// The command lines of a cell. Each begins with "$ tiecheck"; a backslash at the end of a line
  /// goes on in the next.
  /// - Throws: `NotebookError`.
  static func parse(_ cell: Cell, of notebook: String) throws -> [CommandLines] {
    var commands: [CommandLines] = []
    var pending: (text: String, line: Int)?
    for (index, text) in cell.body.enumerated() where !text.isEmpty || pending != nil {
      let line = cell.line + 1 + index
      func error(_ sentence: String) -> NotebookError {
        NotebookError(notebook: notebook, line: line, sentence: sentence)
      }
      guard pending != nil || text.hasPrefix("$ ") else {
        throw error("expected a command line, such as \"$ tiecheck check --model original\".")
      }
      let whole = (pending?.text ?? "") + (pending == nil ? String(text.dropFirst(2)) : text)
      let start = pending?.line ?? line
      if whole.hasSuffix("\\") {
        pending = (String(whole.dropLast()), start)
        continue
      }
      pending = nil
      do {
        var words = try split(whole)
        guard words.first == "tiecheck" else {
          throw Complaint("a command line of a notebook begins with \"tiecheck\".")
        }
        words.removeFirst()
        commands.append(CommandLines(words: words, text: whole))
      } catch let complaint as Complaint {
        throw error(complaint.sentence)
      }
    }
    if let pending {
      throw NotebookError(
        notebook: notebook, line: pending.line,
        sentence: "the command line ends with a backslash, and nothing follows.")
    }
    return commands
  }

  private struct Complaint: Error {
    let sentence: String
    init(_ sentence: String) { self.sentence = sentence }
  }

  /// Splits as a shell does: spaces part words, quotes and backslashes keep them together. What only
  /// a shell can do is refused.
  private static func split(_ text: String) throws -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = text.makeIterator()
    while let character = characters.next() {
      switch (character, quote) {
      case _ where character == quote: quote = nil
      case ("\\", nil), ("\\", "\""):
        guard let next = characters.next() else { throw Complaint("nothing follows a backslash.") }
        word = (word ?? "") + String(next)
      case (_, .some): word = (word ?? "") + String(character)
      case ("'", nil), ("\"", nil):
        quote = character
        word = word ?? ""
      case (" ", nil):
        if let word { words.append(word) }
        word = nil
      case ("|", nil), ("&", nil), (";", nil), ("<", nil), (">", nil), ("`", nil), ("$", nil):
        throw Complaint(
          "\"\(character)\" is for a shell, and no shell runs here: one tiecheck command a line.")
      default: word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { throw Complaint("a quotation mark is not closed.") }
    if let word { words.append(word) }
    return words
  }
}
