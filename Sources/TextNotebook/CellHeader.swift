import Foundation

/// The first line of a cell: "%% KIND", and options as key=value.
struct CellHeader {
  let text: String
  let line: Int
  let notebook: String

  init(_ text: String, at line: Int, of notebook: String) {
    self.text = text
    self.line = line
    self.notebook = notebook
  }

  /// - Throws: `NotebookError`.
  func parse() throws -> (Cell.Kind, CellOptions) {
    var words = text.dropFirst(2).split(separator: " ").map(String.init)
    guard let first = words.first else {
      throw error("a cell without a kind. Kinds are: \(Self.kinds).")
    }
    guard text.hasPrefix("%% "), var kind = Cell.Kind(rawValue: first) else {
      throw error("\"\(text.prefix(60))\" is no kind of cell. Kinds are: \(Self.kinds).")
    }
    words.removeFirst()
    if kind == .swift, words.first == "file" {
      kind = .swiftFile
      words.removeFirst()
    }
    var options = CellOptions()
    var seen: Set<String> = []
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(parts[0])
      guard parts.count == 2, Self.keys(of: kind).contains(key) else {
        let keys = Self.keys(of: kind)
        throw error(
          "\"\(word)\" is no option of a cell \"\(kind.rawValue)\". "
            + (keys.isEmpty
              ? "It has none." : "Options are: \(keys.map { $0 + "=" }.joined(separator: ", ")).")
        )
      }
      guard seen.insert(key).inserted else { throw error("\(key)= is given twice. Keep one.") }
      try set(key, to: String(parts[1]), in: &options)
    }
    if kind == .file && options.name.isEmpty {
      throw error("a file cell needs a name, such as name=model.py.")
    }
    return (kind, options)
  }

  private func set(_ key: String, to value: String, in options: inout CellOptions) throws {
    switch key {
    case "rtol": options.tolerance.relative = try number(key, value)
    case "atol": options.tolerance.absolute = try number(key, value)
    case "needs":
      options.needs = value.split(separator: ",").map(String.init)
      guard !value.isEmpty, options.needs.allSatisfy(Requirement.isName) else {
        throw error(
          "needs=\(value) names no program, such as needs=python3 or needs=python3:torch.")
      }
    default:
      guard Self.isFileName(value) else {
        throw error("name=\(value) is not the plain name of a file, such as name=model.py.")
      }
      options.name = value
    }
  }

  private func number(_ key: String, _ value: String) throws -> Double {
    guard let number = Double(value), number.isFinite, number >= 0 else {
      throw error("\(key)=\(value): expected a number of at least 0, such as \(key)=1e-6.")
    }
    return number
  }

  private static let kinds = Cell.Kind.allCases.map { "%% \($0.rawValue)" }.joined(separator: ", ")

  private static func keys(of kind: Cell.Kind) -> [String] {
    switch kind {
    case .swift, .swiftFile: []
    case .tiecheck: ["needs"]
    case .file: ["name"]
    case .output: ["rtol", "atol"]
    }
  }

  /// A name without folders that every file system takes.
  static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name.count <= 100 && !name.hasPrefix(".")
      && name.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
  }

  private func error(_ sentence: String) -> NotebookError {
    NotebookError(notebook: notebook, line: line, sentence: sentence)
  }
}
