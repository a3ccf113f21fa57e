import Testing

@testable import TextNotebook

@Suite struct CommandLinesTests {
  private func words(_ body: String) throws -> [[String]] {
    let text = body.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
    let notebook = try notebook("%% tiecheck\n\(text)")
    return try CommandLines.parse(notebook.cells[0], of: notebook.name).map(\.words)
  }

  @Test func wordsAsAShellSplitsThem() throws {
    #expect(try words("$ tiecheck  check --seed 3 ") == [["check", "--seed", "3"]])
    #expect(
      try words("$ tiecheck a 'b c' \"d 'e'\" f\\ g ''") == [["a", "b c", "d 'e'", "f g", ""]])
    #expect(try words("$ tiecheck a'b'\"c\" '$x;|'") == [["abc", "$x;|"]])
    #expect(try words("$ tiecheck \"a\\\"b\"") == [["a\"b"]])
  }

  @Test func severalLinesAndLinesThatGoOn() throws {
    #expect(try words("$ tiecheck a \\\n    b\n\n$ tiecheck c") == [["a", "b"], ["c"]])
  }

  @Test(arguments: [
    ("check", 2, "expected a command line"), ("$ ls", 2, "begins with \"tiecheck\""),
    ("$ ", 2, "begins with \"tiecheck\""), ("$ tiecheck | cat", 2, "\"|\" is for a shell"),
    ("$ tiecheck a\n$ tiecheck > x", 3, "\">\" is for a shell"),
    ("$ tiecheck $HOME", 2, "is for a shell"), ("$ tiecheck 'a", 2, "mark is not closed"),
    ("$ tiecheck a\n$ tiecheck b \\", 3, "ends with a backslash"),
  ])
  func whatAShellWouldBeNeededForIsRefused(body: String, line: Int, sentence: String) {
    #expect {
      try words(body)
    } throws: { error in
      let error = error as? NotebookError
      return error?.line == line && error?.sentence.contains(sentence) == true
    }
  }
}
