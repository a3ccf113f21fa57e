import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

private func objective(
  at x: [Double] = [0.3, -1.2, 0.7], _ loss: @escaping ([Double]) throws -> Double
) -> FunctionObjective {
  FunctionObjective(at: x, loss: loss, gradient: { _ in [] })
}

private func smooth(_ x: [Double]) -> Double {
  Foundation.sin(x[0]) + Foundation.exp(x[1]) * x[2] + x[0] * x[2]
}

struct NoiseTests {
  @Test(arguments: [1e-13, 1e-10, 1e-7])
  func findsAddedNoiseWithinAFactorOfFour(size: Double) throws {
    for seed in 1...20 {
      let (noise, _) = try Noise.measure(
        objective { smooth($0) + size * roughness($0) }, seed: UInt64(seed))
      // A uniform number in +-a deviates by a / sqrt(3).
      let ratio = noise.deviation / (size / 3.0.squareRoot())
      #expect(ratio > 0.25 && ratio < 4, "seed \(seed): \(ratio)")
    }
  }

  @Test func neverBelowTheRoundingOfTheResult() throws {
    let (noise, value) = try Noise.measure(objective { _ in 3 }, seed: 1)
    #expect(value == 3)
    #expect(noise.deviation == Double.unitRoundoff / 2 * 3)
    for seed in 1...10 {
      let (noise, value) = try Noise.measure(objective { smooth($0) }, seed: UInt64(seed))
      #expect(noise.deviation >= Double.unitRoundoff / 2 * abs(value))
      #expect(noise.deviation < 20 * Double.unitRoundoff)
    }
  }

  @Test func floorIsThatOfTheModelsPrecision() throws {
    let random = RandomSource(seed: 1)
    let chain: Chain<Float> = try Models.autoencoder(
      features: 4, hidden: [2], tied: true, random: random)
    let input: Matrix<Float> = random.matrix(rows: 3, columns: 4)
    let float = ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: input)
    let (noise, value) = try Noise.measure(float, seed: 1)
    #expect(noise.deviation >= Float.unitRoundoff / 2 * value)
    #expect(noise.deviation < 100 * Float.unitRoundoff * value)
  }

  @Test func aLossThatIsNotDeterministicThrowsWithTheDifference() throws {
    var calls = 0.0
    let error = #expect(throws: NonDeterministicObjective.self) {
      try Noise.measure(
        objective { _ in
          calls += 1
          return 1 + calls / 4
        }, seed: 1)
    }
    #expect(error == NonDeterministicObjective(first: 1.25, second: 1.5))
    #expect(error?.description.contains("a difference of 0.25") == true)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func aLossThatIsNotFiniteThrows(value: Double) {
    let error = #expect(throws: NonFiniteObjective.self) {
      try Noise.measure(objective { _ in value }, seed: 1)
    }
    #expect(error?.description.contains("expected a finite number") == true)
  }

  @Test func parametersAreRestoredBitForBitEvenWhenTheLossThrows() throws {
    for stop in [Int.max, 5] {
      let counted = Tampered(objective { smooth($0) })
      counted.throwingAt = stop
      let before = bits(counted.parameters)
      if stop == .max {
        _ = try Noise.measure(counted, seed: 1)
      } else {
        #expect(throws: Interruption.self) { try Noise.measure(counted, seed: 1) }
      }
      #expect(bits(counted.parameters) == before)
    }
  }

  @Test func evaluationsAreCounted() throws {
    let counted = Tampered(objective { smooth($0) })
    let (noise, _) = try Noise.measure(counted, seed: 1)
    #expect(noise.evaluations == counted.calls)
  }

  @Test func sameSeedSameNoise() throws {
    let rough = objective { smooth($0) + 1e-9 * roughness($0) }
    let first = try Noise.measure(rough, seed: 7).0
    #expect(try Noise.measure(rough, seed: 7).0 == first)
    #expect(try Noise.measure(rough, seed: 8).0 != first)
  }

  @Test func differenceTableKnowsNoiseFromSmoothness() {
    let random = RandomSource(seed: 1)
    for _ in 0..<20 {
      let table = DifferenceTable((0..<9).map { Double($0) + random.normal(deviation: 1e-3) })
      #expect(table.noise != nil && table.noise! > 1e-3 / 4 && table.noise! < 4e-3)
    }
    #expect(DifferenceTable((0..<9).map { Foundation.exp(Double($0)) }).noise == nil)
    #expect(DifferenceTable([1, 1, 1, 1, 1, 2, 2, 2, 2]).mostlyFlat)
  }
}
