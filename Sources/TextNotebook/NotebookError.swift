/// What is wrong with a notebook, and where.
public struct NotebookError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The notebook's file name.
  public let notebook: String
  /// Counted from 1.
  public let line: Int
  /// What was found, what was expected, what to do.
  public let sentence: String

  public init(notebook: String, line: Int, sentence: String) {
    self.notebook = notebook
    self.line = line
    self.sentence = sentence
  }

  public var description: String { "\(notebook):\(line): \(sentence)" }
}
