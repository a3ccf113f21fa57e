import Foundation
import GSLKit
import Testing

@testable import GradientCheck

private let sigma = 1e-12

private func witness(
  value: Double = 0, sigma: Double = sigma, entries: Int = 100,
  estimator: Estimator = .fivePoint
) -> Witness {
  Witness(
    value: value, sigma: sigma, z: Witness.quantile(alpha: 0.01, entries: entries),
    estimator: estimator)
}

private func probe(_ x: Double, _ f: @escaping (Double) throws -> Double) -> Probe {
  Probe(x: x, unitRoundoff: Double.unitRoundoff, rounded: { $0 }, function: f)
}

/// f + uniform noise of deviation sigma.
private func noisy(_ size: Double = sigma, _ f: @escaping (Double) -> Double) -> (Double) -> Double
{
  { f($0) + size * 3.0.squareRoot() * roughness([$0]) }
}

struct WitnessTests {
  // MARK: The step

  @Test func pilotStepLandsInTheWindow() throws {
    for frequency in [0.3, 1, 3, 10] {
      for x in [0.0, 0.4, -0.8] {
        // f''' = -w^3 cos; away from its zeros.
        let third = abs(Foundation.pow(frequency, 3) * Foundation.cos(frequency * x))
        guard third > 0.1 * Foundation.pow(frequency, 3) else { continue }
        let step = try witness().pilotStep(
          [probe(x, noisy { Foundation.sin(frequency * $0) })], scale: 1, rtol: 1e-9)
        // |D3| / 8 sigma in 1.5 ... 6 is h / (sigma / f''')^(1/3) in 1.8 ... 2.9, give or take noise.
        let ratio = step / Foundation.cbrt(sigma / third)
        #expect(ratio > 1.4 && ratio < 3.4, "\(frequency) at \(x): \(ratio)")
      }
    }
  }

  @Test func simpleFunctionsEndWithinTheProbeLimit() throws {
    let functions: [(Double) -> Double] = [
      { 3 * $0 * $0 + $0 }, { 2 * $0 - 1 }, { _ in 4 }, { max($0, 0) },
    ]
    for f in functions {
      var calls = 0
      let step = try witness().pilotStep(
        [
          probe(0.3) {
            calls += 1
            return f($0)
          }
        ], scale: 1, rtol: 1e-6)
      #expect(calls <= 12 * 4)
      #expect(step >= 0x1p-30 && step <= 0x1p-4)
    }
  }

  @Test func notEvenAFunctionWithoutFiniteValuesRunsForever() throws {
    var calls = 0
    let step = try witness().pilotStep(
      [
        probe(0.3) { _ in
          calls += 1
          return .nan
        }
      ], scale: 2, rtol: 1e-6)
    #expect(calls <= 48 && step >= 2 * 0x1p-30 && step.isFinite)
  }

  @Test func stepIsMeasuredInTheTensorsScaleNeverInTheEntry() throws {
    let f = noisy { Foundation.sin($0) + $0 }
    let atZero = try witness().pilotStep([probe(0, f)], scale: 1, rtol: 1e-6)
    let nearZero = try witness().pilotStep([probe(1e-200, f)], scale: 1, rtol: 1e-6)
    #expect(atZero > 1e-6)
    #expect(abs(nearZero / atZero - 1) < 0.5)
    let bound = try witness().estimate(probe(0, f), step: atZero)
    #expect(abs(bound.value - 2) <= bound.bound && bound.bound < 1e-6)
  }

  @Test func stepStaysWithinItsLimits() throws {
    for scale in [1e-6, 1, 1e6] {
      // Beyond the scale itself only along a slope that is seen and whose noise asks for it.
      for (f, largest): ((Double) -> Double, Double) in [
        ({ Foundation.sin(1e12 / scale * $0) }, 0x1p-4), ({ _ in 1 }, 0x1p-4),
        ({ 1e-9 * $0 }, 0x1p30),
      ] {
        let step = try witness().pilotStep([probe(0, f)], scale: scale, rtol: 1e-6)
        #expect(step >= scale * 0x1p-30 && step <= scale * largest)
      }
    }
  }

  // MARK: Estimates

  @Test(arguments: Estimator.allCases)
  func everyEstimatorIsWithinItsBoundUnderNoise(estimator: Estimator) throws {
    let random = RandomSource(seed: 1)
    let size = 1e-9
    let f = noisy(size) { Foundation.sin(2 * $0) }
    var violations = 0
    for _ in 0..<1000 {
      let x = random.uniform(-1, 1)
      let found = try witness(value: f(x), sigma: size, estimator: estimator)
        .estimate(probe(x, f), step: 1e-3)
      if abs(found.value - 2 * Foundation.cos(2 * x)) > found.bound { violations += 1 }
    }
    #expect(violations == 0)
  }

  @Test func gslsOwnBoundDoesNotCoverThatNoise() throws {
    // The reason why it is widened.
    let f = noisy(1e-9) { Foundation.sin(2 * $0) }
    var violations = 0
    for k in 0..<400 {
      let x = Double(k) / 200 - 1
      let found = try derivative(at: x, step: 1e-3, .central, of: f)
      if abs(found.value - 2 * Foundation.cos(2 * x)) > found.errorEstimate { violations += 1 }
    }
    #expect(violations > 20)
  }

  @Test func theSecondWitnessIsAnotherRuleAndAgreesOnSmoothFunctions() throws {
    for estimator in Estimator.allCases {
      for x in stride(from: -1.0, through: 1, by: 0.25) {
        let f: (Double) -> Double = { Foundation.tanh(1.5 * $0) + $0 * $0 }
        let two = witness(value: f(x), sigma: 1e-16, estimator: estimator)
        let first = try two.estimate(probe(x, f), step: 1e-3)
        let second = try two.secondEstimate(probe(x, f), step: 1e-3)
        #expect(abs(first.value - second.value) <= first.bound + second.bound)
        #expect((first.points == nil) == (second.points != nil))
      }
    }
  }

  @Test(arguments: Estimator.allCases)
  func valuesThatAreNotFiniteAreReported(estimator: Estimator) throws {
    let left = try witness(estimator: estimator).estimate(
      probe(0) { $0 < 0 ? .nan : $0 }, step: 1e-3)
    let right = try witness(estimator: estimator).estimate(
      probe(0) { $0 > 0 ? .infinity : $0 }, step: 1e-3)
    #expect(left.isFinite == (estimator == .gslForward))
    #expect(right.isFinite == (estimator == .gslBackward))
  }

  @Test(arguments: Estimator.allCases)
  func flatMeansNotASingleBit(estimator: Estimator) throws {
    let two = witness(value: 4, estimator: estimator)
    #expect(try two.estimate(probe(0.5) { _ in 4 }, step: 1e-3).isFlat)
    #expect(
      try !two.estimate(probe(0.5) { $0 == 0.5 ? 4 : 4 + 0x1p-50 }, step: 1e-3).isFlat)
  }

  @Test func errorsOfTheLossComeThrough() {
    for estimator in Estimator.allCases {
      #expect(throws: Interruption.self) {
        try witness(estimator: estimator).estimate(
          probe(0) { _ in throw Interruption() }, step: 1e-3)
      }
    }
  }

  @Test func theQuantileCoversAllEntriesTogether() {
    #expect(abs(Witness.quantile(alpha: 0.01, entries: 100_000) - 5.33) < 0.01)
    #expect(abs(Witness.quantile(alpha: 0.05, entries: 1) - 1.96) < 0.001)
    #expect(Witness.quantile(alpha: 5e-324, entries: 100_000).isFinite)
    #expect(Witness.quantile(alpha: 0.01, entries: 0) == Witness.quantile(alpha: 0.01, entries: 1))
  }
}
