import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

struct WitnessedObjectiveTests {
  private func objective<S: Scalar>(_ seed: UInt64, hidden: Int = 4, as type: S.Type) throws
    -> ChainObjective<S>
  {
    let random = RandomSource(seed: seed)
    let chain: Chain<S> = try Models.autoencoder(
      features: 6, hidden: [hidden], tied: true, outputActivation: .identity, random: random)
    let input: Matrix<S> = random.matrix(rows: 5, columns: 6)
    return ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: input)
  }

  private func pair(_ seed: UInt64) throws -> WitnessedObjective {
    try WitnessedObjective(
      accused: objective(seed, as: Float.self), witness: objective(seed, as: Double.self))
  }

  @Test func thePointIsTheFloatPointExactly() throws {
    let float = try objective(1, as: Float.self)
    let pair = try WitnessedObjective(accused: float, witness: objective(1, as: Double.self))
    #expect(pair.parameters.map(\.flat) == float.parameters.map(\.flat))
    #expect(pair.parameters[0].flat != (try objective(1, as: Double.self)).parameters[0].flat)
  }

  @Test func aRightFloatPassShowsItsOwnRoundingAndPassesAllThree() throws {
    for seed in 1...10 {
      let pair = try pair(UInt64(seed))
      let options = CheckOptions(rtol: 1e-4)
      let gradient = try GradientChecker(options).check(pair)
      #expect(gradient.verdict == .pass)
      #expect((1e-9...1e-5).contains(gradient.parameters[0].maxRelativeError))
      #expect(try TieCheck(options).check(pair, gradient: gradient).verdict == .pass)
    }
  }

  /// What Float's own losses could never certify.
  @Test func anErrorOfAThousandthIsConvicted() throws {
    let pair = try pair(3)
    let wrong = Tampered(pair) { claims in claims[0]![2] *= 1.001 }
    let result = try GradientChecker(CheckOptions(rtol: 1e-4)).check(wrong)
    #expect(result.verdict == .fail && result.entries.fail == 1)
    let own = Tampered(try objective(3, as: Float.self)) { claims in claims[0]![2] *= 1.001 }
    #expect(try GradientChecker(CheckOptions(rtol: 1e-2)).check(own).entries.fail == 0)
  }

  @Test func otherShapesAreRefused() throws {
    #expect(throws: ShapeMismatch.self) {
      try WitnessedObjective(
        accused: objective(1, as: Float.self), witness: objective(1, hidden: 3, as: Double.self))
    }
  }
}
