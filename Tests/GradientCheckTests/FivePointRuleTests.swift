import Testing

@testable import GradientCheck

/// Each number of the rule against what it is derived from.
struct FivePointRuleTests {
  /// The deviation of a sum of losses with independent noise of deviation 1.
  private func deviation(_ coefficients: [Double]) -> Double {
    coefficients.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Coefficients of f-2, f-1, f0, f1, f2.
  private let third = [-1.0, 2, 0, -2, 1]
  private let fourth = [1.0, -4, 6, -4, 1]

  @Test func numbersAreTheDeviationsOfTheirDifferences() {
    for (number, exact) in [
      (FivePointRule.valueNoise, deviation([1, -8, 8, -1]) / 12),
      (FivePointRule.thirdNoise, deviation(third)), (FivePointRule.fourthNoise, deviation(fourth)),
      (FivePointRule.oneSidedNoise, deviation([-3, 4, -1]) / 2),
      (GSLRule.centralNoise, deviation([4.0 / 3, -4.0 / 3, 1.0 / 6, -1.0 / 6]) / 2),
      (GSLRule.oneSidedNoise, deviation([22, 84, 114, 52]) / 12),
    ] {
      #expect(abs(number / exact - 1) < 0.025, "\(number) for \(exact)")
    }
    // Where they decide whether something is more than noise they are rounded upwards.
    #expect(FivePointRule.thirdNoise > deviation(third))
    #expect(FivePointRule.fourthNoise > deviation(fourth))
  }

  @Test func whatNoiseCanHideIsTheBoundOfItsOwnDifferences() {
    let hidden =
      FivePointRule.thirdWeight * deviation(third) + FivePointRule.fourthWeight * deviation(fourth)
    #expect(FivePointRule.hiddenByNoise > hidden && FivePointRule.hiddenByNoise < 1.05 * hidden)
    #expect(FivePointRule.convictingNoise == 4.15)
    let detectable = 2 + FivePointRule.hiddenByNoise / FivePointRule.valueNoise
    #expect(FivePointRule.detectableBounds > detectable)
    #expect(FivePointRule.detectableBounds < 1.02 * detectable)
  }
}
