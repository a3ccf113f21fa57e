import Testing

@testable import TextNotebook

@Suite struct NotebookReviewTests {
  private let text = """
    # Title

    %% swift
      let x = 1
      print(x)
    %% output
      1

    %% swift
      print(2)

    Prose.

    %% swift
      print(3)
    %% output atol=0.5
      3

    %% swift
      let y = 1
    """

  /// A review of the text's notebook when its cells print these lines.
  private func review(
    _ outputs: [[String]], picture: (made: String, saved: String?)? = nil,
    outcome: StepRun.Outcome = .ran
  ) throws -> NotebookReview {
    let notebook = try notebook(text)
    let runs = zip(notebook.steps, outputs).map { step, output in
      var run = StepRun(step: step)
      run.output = output
      if step.number == 2 {
        run.outcome = outcome
        run.pictures = picture.map { [NotebookPicture(name: "01-a.svg", svg: $0.made)] } ?? []
      }
      return run
    }
    return NotebookReview(notebook, runs) { _ in picture?.saved }
  }

  private func said(_ review: NotebookReview) -> [String] {
    review.findings.filter(\.isWrong).map { "\($0.line): \($0.sentence ?? "")" }
  }

  @Test func aMissingOutputIsFoundAtItsCell() throws {
    #expect(
      said(try review([["1"], ["2"], ["3"], []]))
        == ["9: the cell prints something, and no output stands below it."])
  }

  @Test func aChangedDigitIsFoundAtItsLine() throws {
    let review = try review([["7"], [], ["3.4"], []])
    #expect(said(review) == ["7: the cell of line 3 prints something else."])
    #expect(review.findings[0].differences.map(\.shown) == ["  - 1", "  + 7", "    ^"])
  }

  @Test func onlyWhatDiffersIsRewritten() throws {
    #expect(try review([["1"], [], ["3.1"], []]).updatedText == text + "\n")
    let updated = try review([["7", "8"], ["2"], ["4"], []]).updatedText
    #expect(
      updated
        == text.replacing("  1\n\n%%", with: "  7\n  8\n\n%%")
        .replacing("  print(2)\n", with: "  print(2)\n%% output\n  2\n")
        .replacing("output atol=0.5\n  3", with: "output atol=0.5\n  4") + "\n")
  }

  @Test func anOutputOfACellThatPrintsNothingIsTakenAway() throws {
    let review = try review([[], [], ["3"], []])
    #expect(said(review) == ["7: the cell of line 3 prints something else."])
    #expect(review.updatedText == text.replacing("%% output\n  1\n", with: "") + "\n")
  }

  @Test func whatFailedIsLeftAlone() throws {
    let review = try review([["1"], [], ["4"], []], outcome: .failed("no"))
    #expect(said(review) == ["14: the cell failed: no"])
    #expect(review.updatedText == text + "\n")
  }

  @Test func whatCouldNotRunIsNotWrong() throws {
    let review = try review([["1"], [], [], []], outcome: .notRun("needs a"))
    #expect(said(review).isEmpty)
    #expect(review.findings[2].sentence == "not run: needs a")
    #expect(review.updatedText == text + "\n")
  }

  @Test func picturesAreComparedAsTheOutputIs() throws {
    func said(_ made: String, _ saved: String?) throws -> [String] {
      self.said(try review([["1"], [], ["3"], []], picture: (made, saved)))
    }
    #expect(try said("<p x=\"1\"/>", "<p x=\"1\"/>").isEmpty)
    #expect(try said("<p x=\"1.4\"/>", "<p x=\"1\"/>").isEmpty)
    #expect(
      try said("<p x=\"1.6\"/>", "<p x=\"1\"/>") == ["14: the picture 01-a.svg is another now."])
    #expect(try said("<p/>", nil) == ["14: there is no picture 01-a.svg."])
  }
}
