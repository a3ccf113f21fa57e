/// What is wrong with a notebook, and where.
package struct NotebookError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The notebook's file name.
  package let notebook: String
  /// Counted from 1.
  package let line: Int
  /// What was found, what was expected, what to do.
  package let sentence: String

  package init(notebook: String, line: Int, sentence: String) {
    self.notebook = notebook
    self.line = line
    self.sentence = sentence
  }

  package var description: String { "\(notebook):\(line): \(sentence)" }
}
