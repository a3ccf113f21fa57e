import Testing

@testable import TextNotebook

@Suite struct NotebookPageTests {
  private func page(_ text: String, svg: String? = "<svg><title>A [b]</title></svg>") throws
    -> NotebookPage
  {
    NotebookPage(try notebook(text)) { $0 == "01-a.svg" ? svg : nil }
  }

  @Test func proseStaysAndCodeIsFenced() throws {
    let text = """
      # Title
      %% swift
        let x = 1

      %% tiecheck
        $ tiecheck doctor
      %% output
        GSL

      %% file name=m.py
        import json
      Prose.
      """
    #expect(
      try page(text).markdown == """
        # Title

        ```swift
        let x = 1
        ```

        ```console
        $ tiecheck doctor
        ```

        ```text
        GSL
        ```

        `m.py`:

        ```python
        import json
        ```

        Prose.

        """)
  }

  @Test func aFenceIsLongerThanAnyInTheCode() throws {
    #expect(try page("%% swift\n  ````x").markdown == "`````swift\n````x\n`````\n")
  }

  @Test func picturesStandWhereTheirLinesAre() throws {
    let text = "%% swift\n  a\n%% output\n  before\n  picture 01-a.svg\n  after"
    #expect(
      try page(text).markdown
        == "```swift\na\n```\n\n```text\nbefore\n```\n\n![A b](01-a.svg)\n\n```text\nafter\n```\n")
    #expect(try page(text).pictures.map(\.name) == ["01-a.svg"])
    // A line that only looks like one.
    #expect(try page(text, svg: nil).markdown.contains("before\npicture 01-a.svg\nafter"))
  }

  @Test func anEmptyOutputLeavesNothing() throws {
    #expect(try page("%% swift\n  a\n%% output").markdown == "```swift\na\n```\n")
  }
}
