import Foundation
import Testing

@testable import TextNotebook

@Suite struct RecordedTextTests {
  @Test func whatANotebookCannotHoldIsWrittenOtherwise() {
    #expect(RecordedText.lines(Data("a \nb\n\n".utf8)) == ["a", "b"])
    #expect(RecordedText.lines(Data("\n\na".utf8)) == ["", "", "a"])
    #expect(RecordedText.lines(Data("ab\tc\t\td".utf8)) == ["ab      c               d"])
    #expect(RecordedText.lines(Data("\u{1B}[1ma\r\nb".utf8)) == ["\\u{1B}[1ma\\u{D}", "b"])
    #expect(RecordedText.lines(Data([0x61, 0xFF])) == ["a\u{FFFD}"])
    #expect(RecordedText.lines(Data()).isEmpty)
  }
}
