import Testing

@testable import GradientCheck

struct StepScaleTests {
  @Test func scaleOfATensorIsItsRootMeanSquareAndOneWhereThatIsZero() {
    #expect(tensorScale([3, -4, 0, 0]) == 2.5)
    #expect(tensorScale([0, 0]) == 1)
    #expect(tensorScale([.infinity]) == 1)
  }

  @Test func oneHugeValueSaysNothingAboutTheSizeOfTheOthers() {
    #expect(tensorScale([3, -4, 1e12, 3, -4]) == 12.5.squareRoot())
    #expect(tensorScale([3, 1e12]) > 1e11)
    // A spread of a few decades is one size.
    #expect(tensorScale([1, 10, 100, 1000]) > 500)
  }

  /// Parts of 1e-308 cannot be represented, so no step could be measured in it.
  @Test func whatIsNextToNothingIsZero() {
    #expect(tensorScale([1e-308, 1e-308]) == 1)
    #expect(tensorScale([1e-280, 1e-280]) == 1e-280)
    #expect(entryScale(1e-308, tensor: 2) == 2)
  }

  @Test func anEntryHasASizeOfItsOwnOnlyFarBelowItsTensor() {
    #expect(entryScale(0, tensor: 2) == 2)
    #expect(entryScale(-1e-3, tensor: 2) == 2)
    #expect(entryScale(-1e-9, tensor: 2) == 1e-9)
    #expect(entryScale(1e9, tensor: 2) == 2)
  }
}
