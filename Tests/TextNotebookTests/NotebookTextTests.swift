import Foundation
import Testing

@testable import TextNotebook

@Suite struct NotebookTextTests {
  @Test func whatIsNotPlainTextIsNamedWithItsLine() {
    #expect(
      complaint("")
        == "01-a.txt:1: the notebook is empty. Begin with a title at the start of the line.")
    #expect(complaint("a\nb\tc\n").hasPrefix("01-a.txt:2: a tab. Indent with spaces"))
    #expect(complaint("a\r\nb\r\n").hasPrefix("01-a.txt:1: the line ends with a carriage return"))
    #expect(complaint("a\nb\n\nc").hasPrefix("01-a.txt:4: the last line has no end"))
    #expect(complaint("a\n\u{1B}[1m\n").hasPrefix("01-a.txt:2: the control character 0x1B"))
    #expect(complaint("a\n\u{7F}\n").hasPrefix("01-a.txt:2: the control character 0x7F"))
    #expect(
      complaint("\u{FEFF}a\n").hasPrefix("01-a.txt:1: the file begins with a byte order mark"))
  }

  @Test func whatIsNotUTF8IsNamedWithItsByte() {
    let latin1 = Data("first\ncaf".utf8) + [0xE9] + Data("\n".utf8)
    #expect(complaint(latin1) == "01-a.txt:2: the byte 0xE9 is not UTF-8. Save the file as UTF-8.")
    #expect(complaint(Data([0xFF, 0xFE, 0x61, 0x00])).hasPrefix("01-a.txt:1: the byte 0xFF"))
    #expect(complaint(Data("é\n".utf8) + [0xC3]).hasPrefix("01-a.txt:2: the byte 0xC3"))
  }

  @Test func aFileOfTenMegabytesIsRefusedAtTheLineWhereItBecomesTooLong() {
    let line = String(repeating: "x", count: 1023) + "\n"
    let text = String(repeating: line, count: 10 << 10)
    #expect(complaint(text).hasPrefix("01-a.txt:1025: here the first 1 MiB end"))
    #expect(complaint(text).contains("the file has 10 MiB"))
    #expect(complaint(String(repeating: line, count: 1 << 10)) == "nothing")
  }

  @Test func linesOfAPartOfAData() throws {
    // A slice of a Data does not begin at 0.
    let data = Data("xxa\nb\tc\n".utf8).dropFirst(2)
    #expect(complaint(data).hasPrefix("01-a.txt:2: a tab"))
  }
}
