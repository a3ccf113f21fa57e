import GSLKit
import Testing

@Suite("ShapeMismatch")
struct ShapeMismatchTests {
  @Test("the sentence says what was done, what was given, what was expected, and what to look at")
  func sentence() {
    let plain = ShapeMismatch(operation: "matrix sum", given: "2 x 3", expected: "3 x 2")
    #expect(plain.description == "matrix sum: got 2 x 3, expected 3 x 2.")
    let hinted = ShapeMismatch(
      operation: "matrix sum", given: "2 x 3", expected: "3 x 2", hint: "Is it transposed?")
    #expect(hinted.description == "matrix sum: got 2 x 3, expected 3 x 2. Is it transposed?")
    #expect("\(hinted)" == hinted.description)
    #expect(plain != hinted)
  }

  @Test("shapes are written as people write them")
  func shapes() {
    #expect(shapeText([5, 3]) == "5 x 3")
    #expect(shapeText([5]) == "5")
    #expect(shapeText([]) == "")
  }
}
