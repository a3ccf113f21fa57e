import Foundation
import GSLKit
import Testing

@testable import GradientCheck

struct NoiseLineTests {
  private func deviation(_ x: [Double], seed: UInt64 = 1, _ loss: @escaping ([Double]) -> Double)
    throws -> Double
  {
    let objective = FunctionObjective(at: x, loss: loss, gradient: { _ in [] })
    return try Noise.measure(objective, seed: seed).0.deviation
  }

  private let x = [0.3, -1.2, 0.7]

  /// A corner at the point looks like noise at every spacing, and shrinks with it.
  @Test func aCornerAtThePointIsNoNoise() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = try deviation(x, seed: seed) { x in
        1 + sin(x[0]) + abs(x[1] + 1.2) + max(x[2] - 0.7, 0)
      }
      // Its jumps make 1e-11 at the first spacing, 2.7e-10.
      #expect(found < 1e-13, "seed \(seed)")
    }
  }

  /// As closer points show, what is left is the rounding; noise of that size beside a corner is kept.
  @Test func noiseBesideACornerStays() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = try deviation(x, seed: seed) { x in
        1 + abs(x[1] + 1.2) + 1e-12 * roughness(x)
      }
      #expect(found > 1e-13 && found < 1e-10, "seed \(seed)")
    }
  }

  /// Units that are dead at the point wake up far away: what they do there is no noise at the point.
  @Test func aFlatLossIsNotWidenedUntilDeadUnitsWakeUp() throws {
    let dead = try deviation(x) { x in 2 + 1e3 * max(x[0] - 0.5, 0) + 1e3 * max(x[2] - 1, 0) }
    #expect(dead == Double.unitRoundoff / 2 * 2)
  }

  /// A loss that was rounded to steps: flat at the first spacing, or a line of just one step each.
  @Test func aStaircaseIsSeen() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = try deviation(x, seed: seed) { x in
        Double(Float(1 + sin(x[0]) + x[1] * x[2]))
      }
      #expect(found > 1e-9 && found < 1e-7, "seed \(seed): \(found)")
    }
  }
}
