import Testing

@testable import TextNotebook

@Suite struct NotebookCodeTests {
  @Test func cellsKeepTheirFileTheirLinesAndTheirColumns() throws {
    let source = NotebookCode.source(
      try Notebook(sample, name: "03-title.txt"), folder: "notebooks-txt")
    #expect(
      source.contains(
        """
        shell.begin(0)
        #if true
        #sourceLocation(file: "notebooks-txt/03-title.txt", line: 13)
          let x = 1

          print(x, 0.5)
        #sourceLocation(file: "notebooks-txt/03-title.txt", line: 12)
        #endif
        #sourceLocation()
        try shell.file(1)
        try await shell.tiecheck(2)

        """))
    #expect(source.contains("line: 11)\n  import Foundation\n"))
    #expect(source.contains("func notebook_03_title(_ shell: NotebookShell) async throws {"))
  }

  @Test func anyTextCanBeQuoted() throws {
    for hard in ["\"\"\"", "\"\"\"#", "\"\"\"##", "\\(x) \\#(x) \\##(x)", "#### \"\"\"####"] {
      let source = NotebookCode.source(try notebook("x\n\(hard)"), folder: "n")
      // More number signs than the text has.
      let signs = String(
        repeating: "#", count: 1 + (hard.split { $0 != "#" }.map(\.count).max() ?? 0))
      #expect(
        source.contains("text: \(signs)\"\"\"\nx\n\(hard)\n\n\"\"\"\(signs), body"), "\(source)")
    }
  }

  @Test func aNotebookThatCannotBeReadHasAFileThatCompiles() {
    let error = NotebookError(notebook: "12-a b.txt", line: 3, sentence: "\"%% x\" is none.")
    #expect(
      NotebookCode.stub(error) == #"""
        // Made from a notebook that cannot be read.
        import TextNotebook

        let compiled_notebook_12_a_u20_b = CompiledNotebook(
          unreadable: NotebookError(
            notebook: #"12-a b.txt"#, line: 3,
            sentence: #""%% x" is none."#))

        """#)
  }

  @Test func identifiersDiffer() {
    let stems = ["03-a", "03-a.zh", "03_a", "03 a", "核-a", "核a", "03-a-b", "03-ab"]
    let identifiers = Set(stems.map(NotebookCode.identifier))
    #expect(identifiers.count == stems.count)
    for identifier in identifiers {
      #expect(identifier.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }
  }

  @Test func theListNamesEveryNotebook() {
    #expect(
      NotebookCode.list(["02-b", "01-a"]) == #"""
        import TextNotebook

        let notebooks: [CompiledNotebook] = [
          compiled_notebook_01_a,
          compiled_notebook_02_b,
        ]

        """#)
  }
}
