import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct CSVTableTests {
  private func table(_ text: String) throws -> CSVTable { try CSVTable(Data(text.utf8)) }

  @Test func numbers() throws {
    let table = try table("1,2.5,-3e-2\n4, 5 ,\"6\"\n")
    #expect(table.header == nil)
    #expect(table.matrix.nested == [[1, 2.5, -0.03], [4, 5, 6]])
  }

  @Test(arguments: ["a,b\n1,2\n", "\u{FEFF}a,b\r\n1,2\r\n", "\"a\", b\n1,2", "a,b\n1,2\n\n  \n"])
  func aHeaderAndHowLinesEnd(text: String) throws {
    let table = try table(text)
    #expect(table.header == ["a", "b"])
    #expect(table.matrix.nested == [[1, 2]])
  }

  @Test(arguments: [
    ("", "it is empty"), ("\n \n", "it is empty"), ("a,b\n", "no rows"),
    ("1,2\n3,\n", "line 2, column 2 is empty"), ("1,2\n\n3,4\n", "line 2 has 1 cells"),
    ("1\n\n3\n", "line 2, column 1 is empty"), (",\n1,2\n", "line 1, column 1 is empty"),
    ("1,2\n3,x\n", "line 2, column 2 is \"x\""), ("1,x\n3,4\n", "line 1, column 2 is \"x\""),
    ("a,b\n1,2\n3\n", "line 3 has 1 cells, and line 1 has 2"),
    ("1,2\n3,4,5\n", "line 2 has 3 cells, and line 1 has 2"),
    ("1,2\nnan,4\n", "line 2, column 1 is nan; expected a finite number"),
    ("1,2\n3,inf\n", "line 2, column 2 is inf"), ("1,1e999\n", "line 1, column 2 is 1e999"),
    ("1,0x1p-2\n", "line 1, column 2 is \"0x1p-2\"; expected a number"),
    ("1;2\n3;4\n", "no rows|is \"3;4\""), ("0,5;1\n", "line 1, column 2 is \"5;1\""),
  ])
  func whatIsNotATable(text: String, words: String) throws {
    let error = #expect(throws: CSVError.self) { try table(text) }
    let isSaid = words.split(separator: "|").contains { error?.description.contains($0) == true }
    #expect(isSaid, "\(error?.description ?? "nothing")")
  }

  @Test func notUTF8() {
    #expect(throws: CSVError("it is not UTF-8 text. Save it as CSV in UTF-8.")) {
      try CSVTable(Data([0x31, 0x2C, 0xFF, 0xFE]))
    }
  }
}
