import Testing

@testable import Plots

struct TextLayoutTests {
  @Test(arguments: [
    (0.62, "0.62"), (-0.4, "−0.4"), (1.0, "1"), (0.0, "0"), (-0.0, "0"), (1234.5, "1234"),
    (0.00123, "0.00123"), (1.234e-5, "1.23×10⁻⁵"), (1e6, "10⁶"), (-1e6, "−10⁶"),
    (9.999, "10"), (123_456, "1.23×10⁵"), (.nan, "NaN"), (-.infinity, "−∞"),
    (.leastNonzeroMagnitude, "4.94×10⁻³²⁴"),
  ])
  func valuesAreShort(value: Double, expected: String) {
    #expect(TextLayout.value(value) == expected)
  }

  @Test func roundingToZeroLosesTheMinusSign() {
    #expect(TextLayout.fixed(-0.001, decimals: 2) == "0.00")
    #expect(TextLayout.fixed(-0.006, decimals: 2) == "−0.01")
  }

  @Test func exponentsAreSuperscript() {
    #expect(TextLayout.superscript(-1_234_567_890) == "⁻¹²³⁴⁵⁶⁷⁸⁹⁰")
    #expect(TextLayout.power(0.001) == "10⁻³")
    #expect(TextLayout.power(-2.5e4) == "−2.5×10⁴")
  }

  @Test func textThatFitsIsKeptWhole() {
    #expect(TextLayout.wrapped("two words", size: 12, limit: 500) == ["two words"])
    #expect(TextLayout.truncated("two words", size: 12, limit: 500) == "two words")
    #expect(TextLayout.wrapped("", size: 12, limit: 500).isEmpty)
  }

  @Test func noWrappedLineIsWiderThanTheLimit() {
    let long = String(repeating: "gradient checker ", count: 20) + String(repeating: "W", count: 90)
    for maximumLines in 1...4 {
      let lines = TextLayout.wrapped(long, size: 17, limit: 200, maximumLines: maximumLines)
      #expect(lines.count == maximumLines)
      #expect(lines.allSatisfy { TextLayout.width($0, size: 17) <= 200 })
      #expect(lines.last?.hasSuffix("…") == true, "the cut shows")
    }
  }

  @Test func linesBreakAtSpaces() {
    let width = TextLayout.width("alpha beta", size: 10)
    #expect(
      TextLayout.wrapped("alpha beta gamma", size: 10, limit: width) == ["alpha beta", "gamma"])
  }
}
