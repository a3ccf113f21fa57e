import Testing

@testable import TiecheckCommands

@Suite struct NotebookCompileErrorsTests {
  /// Lines 1 to 40 of a notebook "01-a.txt", with an error in line 8.
  private let lines = (1...40).map {
    $0 == 8 ? "  print(y)" : $0 == 6 ? "  func f() {" : "line \($0)"
  }

  private func messages(_ log: String) -> String {
    NotebookCompileErrors(log) { $0 == "01-a.txt" ? lines : nil }.text
  }

  @Test func quotedLinesGetTheNotebooksNumbers() {
    let quote = """
      109 | #sourceLocation(file: "notebooks-txt/01-a.txt", line: 7)
      110 | line 7
      111 |   print(y)
          |         `- error: cannot find 'y' in scope
      112 | #sourceLocation()
      113 | shell.begin(1)
      """
    let log = """
      error: emit-module command failed with exit code 1 (use -v to see invocation)
      /somewhere/notebooks-txt/01-a.txt:8:9: error: cannot find 'y' in scope
      \(quote)
      \(quote)

      [5/6] Compiling Lessons 01-a.swift
      """
    #expect(
      messages(log) == """
        notebooks-txt/01-a.txt:8:9: error: cannot find 'y' in scope
         7 | line 7
         8 |   print(y)
           |         `- error: cannot find 'y' in scope

        """)
    // The same from a second job of the compiler.
    #expect(messages(log + "\n" + log) == messages(log))
  }

  @Test func whatIsFoundBetweenCellsIsSaidOfWhereItBegan() {
    let log = """
      notebooks-txt/01-a.txt:4:1: error: expected '}' at end of brace statement
       20 | line 5
       21 |   func f() {
          |            `- note: to match this opening '{'
       22 | line 7
       23 | #endif
          | `- error: expected '}' at end of brace statement
       24 | #sourceLocation()
      """
    #expect(
      messages(log) == """
        notebooks-txt/01-a.txt:6:1: error: expected '}' at end of brace statement
         5 | line 5
         6 |   func f() {
           |            `- note: to match this opening '{'
         7 | line 7

        """)
  }

  @Test func theNotebooksOwnReaderAndOtherErrors() {
    #expect(
      messages("notebooks-txt/01-a.txt:6: error: \"%% swif\" is no kind of cell.")
        == "notebooks-txt/01-a.txt:6:1: error: \"%% swif\" is no kind of cell.\n")
    let other = "Sources/X.swift:1:2: error: no such module 'CGSL'\n"
    #expect(messages(other) == other)
  }

  @Test func theFirstOfManyMessages() {
    let log = (1...8).map { "notebooks-txt/01-a.txt:\($0):1: error: e\($0)\n" }.joined()
    #expect(messages(log).hasSuffix("01-a.txt:5:1: error: e5\n\nand 3 more\n"))
  }

  @Test func warningsAreLeftOut() {
    let log = """
      notebooks-txt/01-a.txt:1:1: warning: never used
      notebooks-txt/01-a.txt:2:1: error: e
      """
    #expect(messages(log) == "notebooks-txt/01-a.txt:2:1: error: e\n")
  }
}
