import Foundation
import GSLKit
import Testing

@testable import GradientCheck

/// The rule around x, with no noise but rounding unless told.
private func fivePoint(
  at x: Double = 0, step: Double, sigma: Double = 0, z: Double = 5,
  rounded: (Double) -> Double = { $0 }, _ f: (Double) -> Double
) -> FivePoint {
  let points = FivePoint.points(at: x, step: step, rounded: rounded)
  return FivePoint(
    at: x, value: f(x), points: points, losses: points.map(f), sigma: sigma, z: z,
    unitRoundoff: Double.unitRoundoff)
}

struct FivePointTests {
  // MARK: Smooth

  @Test func exactForPolynomialsUpToDegreeFour() {
    let random = RandomSource(seed: 1)
    var violations = 0
    for degree in 0...4 {
      for _ in 0..<200 {
        let c = (0...degree).map { _ in random.uniform(-2, 2) }
        let x = random.uniform(-1, 1)
        let h = Foundation.exp2(random.uniform(-12, -1))
        let points = fivePoint(at: x, step: h) { t in c.reversed().reduce(0) { $0 * t + $1 } }
        let slope = (1..<max(degree + 1, 1)).reduce(0.0) {
          $0 + Double($1) * c[$1] * Foundation.pow(x, Double($1 - 1))
        }
        let size = c.enumerated().reduce(0) {
          $0 + abs($1.element) * Foundation.pow(abs(x) + 2 * h, Double($1.offset))
        }
        if abs(points.value - slope) > 16 * Double.unitRoundoff * size / h { violations += 1 }
      }
    }
    #expect(violations == 0)
  }

  @Test func theErrorOfDegreeFiveIsStepToTheFourth() {
    // -h^4 f5 / 30 with f5 = 120, D3 = 2 h^3 f''' + O(h^5), D4 = h^4 f'''' + O(h^6).
    let points = fivePoint(step: 0.25) { Foundation.pow($0, 5) }
    #expect(abs(points.value + 4 * Foundation.pow(0.25, 4)) < 1e-14)
    let cubic = fivePoint(at: 1, step: 0.125) { $0 * $0 * $0 }
    #expect(abs(cubic.d3 - 2 * Foundation.pow(0.125, 3) * 6) < 1e-13)
    #expect(abs(cubic.d4) < 1e-13)
    let quartic = fivePoint(at: 1, step: 0.125) { $0 * $0 * $0 * $0 }
    #expect(abs(quartic.d4 - Foundation.pow(0.125, 4) * 24) < 1e-13)
  }

  @Test func boundIsTheDocumentedFormula() {
    let points = fivePoint(at: 0.3, step: 0.125, sigma: 1e-3, z: 4) { Foundation.exp(2 * $0) }
    let expected =
      0.95 * 4 * 1e-3 / points.step + 0.2 * abs(points.d3) / points.step
      + 0.3 * abs(points.d4) / points.step
    #expect(abs(points.bound - expected) < 1e-15)
    #expect(points.derivativeBound.bound == points.bound)
    #expect(points.derivativeBound.step == points.step)
  }

  /// Every family with its derivative.
  private static let smooth:
    [(f: @Sendable (Double) -> Double, slope: @Sendable (Double) -> Double)] = [
      ({ Foundation.sin($0) }, { Foundation.cos($0) }),
      ({ Foundation.exp($0) }, { Foundation.exp($0) }),
      ({ Foundation.tanh($0) }, { 1 - Foundation.tanh($0) * Foundation.tanh($0) }),
      (
        { 1 / (1 + Foundation.exp(-$0)) },
        { 1 / (1 + Foundation.exp(-$0)) / (1 + Foundation.exp($0)) }
      ),
      ({ Foundation.log1p($0 * $0) }, { 2 * $0 / (1 + $0 * $0) }),
      ({ $0 * Foundation.exp(-$0 * $0) }, { (1 - 2 * $0 * $0) * Foundation.exp(-$0 * $0) }),
      ({ Foundation.atan($0) * $0 }, { Foundation.atan($0) + $0 / (1 + $0 * $0) }),
      ({ $0 * $0 * $0 * $0 * $0 * $0 - $0 }, { 6 * Foundation.pow($0, 5) - 1 }),
    ]

  @Test func boundCoversSmoothFunctions() {
    let random = RandomSource(seed: 2)
    var (violations, cases) = (0, 0)
    for (f, slope) in Self.smooth {
      for _ in 0..<1500 {
        let x = random.uniform(-2, 2)
        let h = Foundation.exp2(random.uniform(-24, -4))
        // The rounding of the function's value and of its argument.
        let sigma = Double.unitRoundoff * (abs(f(x)) + abs(x * slope(x)) + 1)
        let points = fivePoint(at: x, step: h, sigma: sigma, f)
        cases += 1
        if abs(points.value - slope(x)) > points.bound { violations += 1 }
      }
    }
    #expect(cases >= 10_000)
    #expect(violations == 0)
  }

  @Test func boundCoversIndependentNoise() {
    let random = RandomSource(seed: 3)
    var (violations, outsideAThird) = (0, 0)
    for _ in 0..<2000 {
      let points = fivePoint(at: 0.5, step: 0.125, sigma: 1e-3, z: 4) {
        2 * $0 + random.normal(deviation: 1e-3)
      }
      if abs(points.value - 2) > points.noiseBound { violations += 1 }
      if abs(points.value - 2) > points.noiseBound / 3 { outsideAThird += 1 }
    }
    // Beyond 4 deviations: 0.13 of 2000. Beyond 4/3: 18 %, so the bound is not wasteful either.
    #expect(violations <= 2)
    #expect(outsideAThird > 250)
  }

  // MARK: Kinks

  @Test func boundCoversAnySingleKinkWithinTwoSteps() {
    let random = RandomSource(seed: 4)
    var violations = 0
    for _ in 0..<12_000 {
      let (slope, jump) = (random.uniform(-2, 2), random.uniform(-3, 3))
      let h = Foundation.exp2(random.uniform(-12, 0))
      let offset = random.uniform(-2, 2) * h
      let curvature = random.uniform(-1, 1)
      let points = fivePoint(step: h) {
        slope * $0 + curvature * $0 * $0 + jump * max($0 - offset, 0)
      }
      let true_ = slope + (offset < 0 ? jump : 0)
      if abs(points.value - true_) > points.bound { violations += 1 }
    }
    #expect(violations == 0)
  }

  @Test func aKinkAtThePointLeavesBothSidesWithinTheBound() {
    let points = fivePoint(step: 0.25) { max($0, 0) }
    #expect(abs(points.value - 0) <= points.bound && abs(points.value - 1) <= points.bound)
    #expect(points.showsKink(z: 5))
  }

  @Test func locatesAKinkWithinHalfAStep() {
    let random = RandomSource(seed: 5)
    var wrong = 0
    for _ in 0..<2000 {
      let h = Foundation.exp2(random.uniform(-8, 0))
      let offset = random.uniform(-0.48, 0.48) * h
      let jump = random.uniform(0.5, 3) * random.sign()
      let kink = fivePoint(step: h) { 0.7 * $0 + jump * max($0 - offset, 0) }.kink
      guard let kink, abs(kink.offset - offset) < 1e-9 * h, abs(kink.jump - jump) < 1e-9 else {
        wrong += 1
        continue
      }
    }
    #expect(wrong == 0)
  }

  /// Farther off, a kink on the other side gives the same four values.
  @Test func aKinkThatCannotBeLocatedGetsNoPlace() {
    let random = RandomSource(seed: 6)
    var wrong = 0
    for _ in 0..<4000 {
      let h = Foundation.exp2(random.uniform(-8, 0))
      let offset = random.uniform(0.51, 1.99) * h * random.sign()
      let jump = random.uniform(0.5, 3) * random.sign()
      if fivePoint(step: h, { jump * max($0 - offset, 0) }).kink != nil { wrong += 1 }
    }
    #expect(wrong == 0)
    let (near, far) = (0.75, 0.75 / (1 - 3 * 0.75))
    let one = fivePoint(step: 1) { max($0 - near, 0) }
    let other = fivePoint(step: 1) { (1 - 3 * near) * max($0 - far, 0) }
    #expect(abs(one.d3 - other.d3) < 1e-14 && abs(one.d4 - other.d4) < 1e-14)
  }

  @Test func oneSidedDerivativesAreSecondOrder() {
    let corner = fivePoint(step: 0.25) { $0 + 2 * abs($0) }
    #expect(corner.oneSided.left == -1 && corner.oneSided.right == 3)
    let quadratic = fivePoint(at: 0.5, step: 0.125) { 3 * $0 * $0 - $0 }
    #expect(abs(quadratic.oneSided.left - 2) < 1e-13 && abs(quadratic.oneSided.right - 2) < 1e-13)
  }

  @Test func aCornerTakesTheSlopeOfASideOrTheirMeanAndNothingBetween() {
    let points = fivePoint(step: 0.25) { max($0, 0) }
    for (slope, side) in [(0.0, CornerSlope.Side.left), (0.5, .mean), (1, .right)] {
      #expect(points.cornerSlope(slope, z: 5, tolerance: 1e-6)?.side == side)
    }
    for slope in [-0.01, 0.25, 0.49, 0.7, 1.01, 2] {
      #expect(points.cornerSlope(slope, z: 5, tolerance: 1e-6) == nil)
    }
    let noisy = fivePoint(step: 0.25, sigma: 1e-3) { max($0, 0) }
    #expect(noisy.cornerSlope(-0.05, z: 5, tolerance: 1e-6)?.side == .left)
    #expect(noisy.cornerSlope(-0.06, z: 5, tolerance: 1e-6) == nil)
  }

  @Test func smoothFunctionsShowNoKinkAtSmallSteps() {
    for x in stride(from: -2.0, through: 2, by: 0.1) {
      let points = fivePoint(at: x, step: 1e-4, sigma: 1e-15) { Foundation.tanh($0) }
      #expect(!points.showsKink(z: 5))
    }
  }

  // MARK: The grid

  @Test func stepsAreThoseThatCanBeRepresented() {
    let random = RandomSource(seed: 7)
    for _ in 0..<500 {
      let x = Double(Float(random.uniform(-3, 3)))
      let points = fivePoint(at: x, step: 1e-5, rounded: { Double(Float($0)) }) { 3 * $0 }
      #expect(abs(points.value - 3) < 1e-8)
      #expect(points.step > 0)
    }
  }

  @Test func flatAndFiniteAreSeen() {
    #expect(fivePoint(step: 0.1) { _ in 2 }.isFlat)
    #expect(!fivePoint(step: 0.1) { 2 + $0 }.isFlat)
    #expect(!fivePoint(step: 0.1) { $0 < -0.15 ? .nan : 1 }.isFinite)
  }
}
