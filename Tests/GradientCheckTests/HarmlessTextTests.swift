import Testing

@testable import GradientCheck

@Suite struct HarmlessTextTests {
  @Test(arguments: [
    ("a\u{1B}[31mb", "a?[31mb"), ("a\nb\r\nc\td", "a b  c d"), ("a\u{202E}b\u{2066}", "a?b?"),
    ("a\u{2028}b\u{2029}c\u{85}", "a b c "), ("\u{7}\u{9B}\u{7F}\u{0}", "????"),
    ("\u{E0041}\u{FEFF}", "??"),
  ])
  func nothingIsObeyed(text: String, shown: String) {
    #expect(harmless(text) == shown)
  }

  @Test(arguments: ["W", "编码器", "می\u{200C}خواهم", "é e\u{301} 👩\u{200D}🔬", "a\\n\"<b>|`"])
  func wordsStayAsTheyAre(text: String) {
    #expect(harmless(text) == text)
  }

  @Test func linesCanBeKept() {
    #expect(harmless("a\nb\tc\u{1B}", keeping: "\n") == "a\nb c?")
  }
}
