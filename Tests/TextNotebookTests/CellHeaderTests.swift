import Testing

@testable import TextNotebook

@Suite struct CellHeaderTests {
  @Test(arguments: [
    ("%% python", "\"%% python\" is no kind of cell"), ("%%swift", "\"%%swift\" is no kind"),
    ("%% Swift", "is no kind of cell"), ("%%", "a cell without a kind"),
    ("%% swift fil", "\"fil\" is no option of a cell \"swift\". It has none."),
    ("%% output rtol", "\"rtol\" is no option"), ("%% output rtol=x", "rtol=x: expected a number"),
    ("%% output rtol=-1", "rtol=-1: expected a number of at least 0"),
    ("%% output atol=nan", "atol=nan: expected"),
    ("%% output rtol=1 rtol=2", "rtol= is given twice"),
    ("%% output needs=x", "Options are: rtol=, atol=."), ("%% tiecheck needs=", "names no program"),
    ("%% tiecheck needs=a:b:c", "names no program"), ("%% file", "a file cell needs a name"),
    ("%% file name=../a", "is not the plain name of a file"),
    ("%% file name=.hidden", "is not the plain name of a file"),
  ])
  func whatIsWrongIsSaidOfTheLine(header: String, sentence: String) {
    let text = "Title\n%% swift\n  print(1)\n\(header)\n  x\n"
    #expect(complaint(text).hasPrefix("01-a.txt:4: "))
    #expect(complaint(text).contains(sentence), "\(complaint(text))")
  }

  @Test func anUnknownKindIsToldWhichThereAre() {
    #expect(
      complaint("%% python\n  x\n").hasSuffix(
        "Kinds are: %% swift, %% swift file, %% tiecheck, %% file, %% output."))
  }

  @Test func spacesBetweenOptionsDoNotMatter() throws {
    let (kind, options) = try CellHeader("%%  output   atol=0.5  ", at: 1, of: "a").parse()
    #expect(kind == .output)
    #expect(options.tolerance == Tolerance(relative: 0, absolute: 0.5))
  }
}
