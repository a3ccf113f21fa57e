import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct SymmetryCheckTests {
  @Test func gradientsOfFunctionsAreSymmetric() throws {
    for loss in [Loss.meanSquaredError, .binaryCrossEntropy, .softmaxCrossEntropy] {
      for seed in 1...5 {
        let objective = try autoencoder(UInt64(seed), loss: loss)
        let before = bits(objective.parameters)
        let result = try SymmetryCheck().check(objective)
        #expect(result.verdict == .pass && result.pairs.count == 3)
        #expect(bits(objective.parameters) == before)
      }
    }
  }

  @Test func aFieldThatLostAPathBelongsToNoFunction() throws {
    for seed in 1...10 {
      let objective = try autoencoder(UInt64(seed))
      let wrong = Tampered(objective) { $0[0] = try! objective.gradientsByUse()[0] }
      #expect(try SymmetryCheck().check(wrong).verdict == .fail)
    }
  }

  /// The gradient of another function is symmetric all the same: that is what the check cannot see.
  @Test func theGradientOfAnotherFunctionPasses() throws {
    let doubled = Tampered(try autoencoder(1)) { $0 = $0.map { $0.map { $0.map { 2 * $0 } } } }
    #expect(try SymmetryCheck().check(doubled).verdict == .pass)
    #expect(try gradientResult(doubled).verdict == .fail)
  }

  @Test func theLossIsNeverAsked() throws {
    let objective = ClosureObjective(
      [Parameter("x", [0.3, -0.4])], loss: { _ in throw Interruption() },
      gradient: { parameters in
        let x = parameters[0].values.elements
        return [[Foundation.cos(x[0]) * x[1], Foundation.sin(x[0])]]
      })
    #expect(try SymmetryCheck().check(objective).verdict == .pass)
  }

  @Test func aConstantFieldProvesNothing() throws {
    let objective = FunctionObjective(
      at: [1, 2], loss: { 3 * $0[0] + $0[1] }, gradient: { _ in [3, 1] })
    #expect(try SymmetryCheck().check(objective).verdict == .vacuous)
  }
}
