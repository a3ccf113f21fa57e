import Testing

@testable import TextNotebook

@Suite struct OutputPatternTests {
  private func accepts(
    _ pattern: String, _ line: String, rtol: Double = 0, atol: Double = 0
  ) -> Bool {
    OutputPattern(pattern, tolerance: Tolerance(relative: rtol, absolute: atol)).accepts(line)
  }

  @Test func exactByDefault() {
    #expect(accepts("loss 0.5", "loss 0.5"))
    #expect(!accepts("loss 0.5", "loss 0.50"))
    #expect(!accepts("loss 0.5", "loss 0.6"))
    #expect(!accepts("a  b", "a b"))
    #expect(!accepts("", "x") && !accepts("x", "") && accepts("", ""))
  }

  @Test func elisionsStandForAnythingInALine() {
    #expect(accepts("loss [..] after [..] steps", "loss 0.5 after 10 steps"))
    #expect(accepts("[..]", ""))
    #expect(accepts("a[..]", "a") && accepts("[..]a[..]a", "aaa"))
    #expect(!accepts("[..]a[..]a", "ba") && !accepts("a[..]b", "abc"))
  }

  @Test func numbersWithinTheTolerance() {
    #expect(accepts("loss 0.5", "loss 0.5004", rtol: 1e-3))
    #expect(!accepts("loss 0.5", "loss 0.5006", rtol: 1e-3))
    #expect(accepts("x 0", "x 1e-13", atol: 1e-12) && !accepts("x 0", "x 1e-13", rtol: 1))
    #expect(accepts("1.0e-09,-2.5", "1.01e-09,-2.49", rtol: 0.02))
    #expect(accepts("[0.5, 1]", "[0.50001, 1.00001]", rtol: 1e-4))
    #expect(accepts("done in 3.", "done in 3.001.", rtol: 1e-2))
  }

  @Test func wordsWithDigitsAreNoNumbers() {
    #expect(!accepts("h2", "h3", rtol: 1) && !accepts("v1.2.3", "v1.2.4", rtol: 1))
    #expect(!accepts("x1 = 1", "x2 = 1", rtol: 1) && !accepts("10x", "11x", rtol: 1))
    #expect(accepts("3-2", "3-2.01", rtol: 0.1))
    #expect(!accepts("nan", "1", rtol: 1) && accepts("nan", "nan", rtol: 1))
  }

  @Test func aSignMayMoveAColumn() {
    #expect(accepts("a  1e-17 b", "a -1e-17 b", atol: 1e-12))
    #expect(accepts("x    0.5", "x  0.50001", rtol: 1e-3))
    #expect(!accepts("x 0.5", "x0.5", rtol: 1e-3))
    #expect(!accepts("  x 0.5", "    x 0.5", rtol: 1e-3))
    #expect(accepts(" [..] 1", "  b  1.0001", rtol: 1e-3))
  }

  @Test func elisionsAndNumbersInOnePass() {
    #expect(accepts("[..] loss 0.5 [..] end", "any loss 3 loss 0.5001 x end", rtol: 1e-3))
    #expect(!accepts("[..] loss 0.5 [..] end", "any loss 3 loss 0.6 x end", rtol: 1e-3))
    // The beginning of a number is text.
    #expect(accepts("0.12[..]", "0.123456", rtol: 1e-9) && !accepts("0.12[..]", "0.13", rtol: 0.5))
  }

  /// A pattern that would take a backtracking matcher for ever.
  @Test func manyElisions() {
    let pattern = String(repeating: "a[..]", count: 60) + "b"
    #expect(!accepts(pattern, String(repeating: "a", count: 400)))
  }

  @Test func everyLineAcceptsItself() {
    for seed in 0..<UInt64(200) {
      var random = SeededGenerator(state: seed)
      let line = (0..<Int.random(in: 0...20, using: &random)).map { _ in
        ["1", ".", "-", "e", " ", "a", "[..]", "0", "+", "[", "核"].randomElement(using: &random)!
      }.joined()
      #expect(accepts(line, line), "\(line)")
      #expect(accepts(line, line, rtol: 1e-3), "\(line)")
    }
  }
}
