import Testing

@testable import TiecheckCommands

@Suite struct TextWrapTests {
  @Test func breaksBetweenWords() {
    let text = Array(repeating: "word", count: 60).joined(separator: " ")
    let lines = TextWrap.wrapped(text, indent: 10).split(separator: "\n")
    #expect(lines.count > 1)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("          word") && $0.count <= 100 })
    #expect(lines.joined(separator: " ").split(separator: " ").count == 60)
    #expect(TextWrap.wrapped("", indent: 4) == "")
  }
}
