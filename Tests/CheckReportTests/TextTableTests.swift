import Testing

@testable import CheckReport

struct TextTableTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    var table = TextTable([("Name", .left), ("Size", .right), ("Note", .left)])
    table.rows = [["a", "12345", ""], ["longer", "1", "x"]]
    #expect(
      table.lines(indent: 2) == [
        "  Name     Size  Note", "  a       12345", "  longer      1  x",
      ])
  }
}
