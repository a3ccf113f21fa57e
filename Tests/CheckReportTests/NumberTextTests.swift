import Testing

@testable import CheckReport

struct NumberTextTests {
  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.12344, "0.1234"), (12.5, "12.5"),
    (1234.4, "1234"), (99990, "99990"), (99999, "1e+05"), (123456, "1.235e+05"),
    (0.00123, "0.00123"),
    (0.0009999999, "0.001"), (0.00012, "1.2e-04"), (4.5674e-9, "4.567e-09"), (-3e300, "-3e+300"),
    (.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf"),
  ])
  func fourDigits(_ number: Double, _ text: String) {
    #expect(NumberText.value(number) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (4.2e-9, "4.2e-09"), (1e-6, "1.0e-06"), (9.96e-7, "1.0e-06"), (0.031, "0.031"),
    (1, "1.0"), (0.5, "0.50"), (.nan, "nan"), (.infinity, "inf"),
  ])
  func twoDigitsForErrors(_ number: Double, _ text: String) {
    #expect(NumberText.error(number) == text)
  }

  @Test func aCoefficientShowsHowRoundItIs() {
    #expect(NumberText.coefficient(-1) == "-1.000")
    #expect(NumberText.coefficient(-0.99999) == "-1.000")
    #expect(NumberText.coefficient(0.25) == "0.2500")
  }

  @Test func placesShapesCountsAndLists() {
    #expect(NumberText.index([2, 3]) == "[2, 3]")
    #expect(NumberText.shape([5, 3]) == "5 x 3")
    #expect(NumberText.count(1, "entry", "entries") == "1 entry")
    #expect(NumberText.count(2, "entry", "entries") == "2 entries")
    #expect(NumberText.count(0, "step") == "0 steps")
    #expect(NumberText.list([]) == "")
    #expect(NumberText.list(["a"]) == "a")
    #expect(NumberText.list(["a", "b", "c"]) == "a, b and c")
  }
}
