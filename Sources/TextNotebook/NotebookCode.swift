import Foundation

/// The Swift file that a notebook is compiled from.
///
/// The cells keep their file and their lines by #sourceLocation, so that the compiler, a debugger and a
/// failing check all speak of the notebook.
package enum NotebookCode {
  /// - Parameter folder: what stands before the notebook's name in the compiler's messages.
  package static func source(_ notebook: Notebook, folder: String) -> String {
    let identifier = identifier(notebook.stem)
    let file = "\(folder)/\(notebook.name)"
    // The body keeps its two spaces, and so every message its column. A block of #if ends where the
    // cell ends, so that a brace left open is found there, and not at the end of the file; what is
    // found there is said of the cell's first line.
    func located(_ cell: Cell) -> String {
      func location(_ line: Int) -> String {
        "#sourceLocation(file: \"\(file)\", line: \(line))\n"
      }
      return "#if true\n" + location(cell.line + 1)
        + notebook.lines[cell.range.dropFirst()].map { $0 + "\n" }.joined()
        + location(cell.line) + "#endif\n#sourceLocation()\n"
    }
    var fileCells = ""
    var body = ""
    var number = 0
    for cell in notebook.cells {
      switch cell.kind {
      case .swiftFile: fileCells += located(cell)
      case .swift: body += "shell.begin(\(number))\n" + located(cell)
      case .tiecheck: body += "try await shell.tiecheck(\(number))\n"
      case .file: body += "try shell.file(\(number))\n"
      case .output: continue
      }
      if cell.kind != .swiftFile { number += 1 }
    }
    return """
      // Made from \(file): edit that file instead.
      import struct Foundation.Data
      import TextNotebook

      let compiled_\(identifier) = CompiledNotebook(
        name: \(literal(notebook.name)), text: \(literal(notebook.text)), body: \(identifier))
      \(fileCells)
      private func print(_ items: Any..., separator: String = " ", terminator: String = "\\n") {
        NotebookShell.print(items, separator, terminator)
      }
      private func debugPrint(_ items: Any..., separator: String = " ", terminator: String = "\\n") {
        NotebookShell.print(items.map { String(reflecting: $0) }, separator, terminator)
      }
      private func dump<T>(_ value: T) {
        var text = ""
        Swift.dump(value, to: &text)
        NotebookShell.print([text], "", "")
      }
      private func picture(_ name: String, _ svg: String) throws {
        try NotebookShell.current?.picture(name, svg)
      }
      private func file(_ name: String) throws -> Data { try NotebookShell.contents(ofFile: name) }
      private func \(identifier)(_ shell: NotebookShell) async throws {
      \(body)
      }

      """
  }

  /// What stands in its place where a notebook cannot be read: it compiles, and says what is wrong when
  /// the notebook is asked for.
  package static func stub(_ error: NotebookError) -> String {
    // The name of a file can be anything; what is compiled is named by its stem.
    let stem = error.notebook.hasSuffix(".txt") ? error.notebook.dropLast(4) : error.notebook[...]
    return """
      // Made from a notebook that cannot be read.
      import TextNotebook

      let compiled_\(identifier(String(stem))) = CompiledNotebook(
        unreadable: NotebookError(
          notebook: \(literal(error.notebook)), line: \(error.line),
          sentence: \(literal(error.sentence))))

      """
  }

  /// The file that lists them all.
  /// - Parameter stems: the notebooks' names without ".txt".
  package static func list(_ stems: [String]) -> String {
    let elements = stems.sorted().map { "  compiled_\(identifier($0)),\n" }
    return """
      import TextNotebook

      let notebooks: [CompiledNotebook] = [
      \(elements.joined())]

      """
  }

  /// A name for Swift, a different one for each stem.
  static func identifier(_ stem: String) -> String {
    "notebook_"
      + stem.unicodeScalars.map { scalar in
        let isPlain =
          scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        return isPlain
          ? String(scalar) : scalar == "-" ? "_" : "_u\(String(scalar.value, radix: 16))_"
      }.joined()
  }

  /// A raw string, with more number signs than the text has in a row.
  private static func literal(_ text: String) -> String {
    var longest = 0
    var run = 0
    for character in text.unicodeScalars {
      run = character == "#" ? run + 1 : 0
      longest = max(longest, run)
    }
    let signs = String(repeating: "#", count: longest + 1)
    guard text.contains("\n") else { return "\(signs)\"\(text)\"\(signs)" }
    return "\(signs)\"\"\"\n\(text)\n\"\"\"\(signs)"
  }
}

extension NotebookShell {
  /// What `file` does in a notebook: everything in a file of the run's folder, which a file cell or a
  /// command line has written.
  /// - Throws: `NotebookFailure` where there is none.
  package static func contents(ofFile name: String) throws -> Data {
    let folder = current?.folder ?? URL(fileURLWithPath: ".")
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else {
      throw NotebookFailure(
        "file(\"\(name)\"): there is no such file. A file cell or a command line above writes it.")
    }
    return data
  }

  /// What `print` does in a notebook: the output is recorded; where no notebook runs in this task, it is
  /// printed.
  package static func print(_ items: [Any], _ separator: String, _ terminator: String) {
    let text = items.map { String(describing: $0) }.joined(separator: separator) + terminator
    if let current { current.write(text) } else { Swift.print(text, terminator: "") }
  }
}
