import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// A trainer that does what another does and then moves every value by a number of roundings.
private final class Nudged: Trainer {
  let base: any Trainer
  let roundings: Double

  init(base: any Trainer, roundings: Double) { (self.base, self.roundings) = (base, roundings) }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    try base.step(parameters, contributions: contributions)
    for parameter in parameters {
      parameter.flat = parameter.flat.map { $0 * (1 + roundings * Double.unitRoundoff) }
    }
  }
  var stateSlots: Int { base.stateSlots }
  var countsStates: Bool { base.countsStates }
  func state(of parameter: any AnyParameter) -> [String: [Double]] { base.state(of: parameter) }
}

struct OneStepTests {
  /// Adam costs a thousand roundings a step, plain descent sixteen: what the check of a training passes,
  /// one step beside the reference must pass, and what it convicts must be convicted.
  @Test(arguments: [
    (false, 4.0, false), (false, 200, true), (true, 200, false), (true, 1e5, true),
  ])
  func oneStepAndTheCheckAgree(isAdam: Bool, roundings: Double, fails: Bool) throws {
    let model = try autoencoder(1)
    let subject =
      isAdam
      ? UpdateSubject(.adam(learningRate: 0.01)) {
        Nudged(base: OptimizerTrainer(Adam(learningRate: 0.01)), roundings: roundings)
      }
      : UpdateSubject(.sgd(learningRate: 0.1)) {
        Nudged(base: OptimizerTrainer(SGD(learningRate: 0.1)), roundings: roundings)
      }
    let result = try UpdateCheck(steps: 1).check(
      model, gradient: try gradientResult(model), [subject])
    #expect((result.verdict == .fail) == fails)
    let update = UpdateCheck()
    let before = bits(model.parameters)
    let factor = try update.strayFactor(
      model, subject, contributions: update.contributions(model))
    #expect((factor > 1) == fails, "\(factor)")
    #expect(bits(model.parameters) == before)
  }

  /// A name needs a difference that rounding does not account for: the hypotheses allow what the check
  /// allows, for as many steps as they make.
  @Test func hypothesesAllowWhatTheCheckAllows() throws {
    let sgd = UpdateReference.sgd(learningRate: 0.1)
    func explains(_ moved: Double) -> [String] {
      UpdateHypothesis.explanations(
        .init(
          parameter: "W", start: [1], gradients: [[[0.5]]], values: [[1 + moved]],
          unitRoundoff: Double.unitRoundoff, rounded: { $0 }), sgd
      ).map(\.id)
    }
    #expect(explains(0) == ["not-moved"])
    #expect(explains(8 * Double.unitRoundoff) == ["not-moved"])
    #expect(explains(200 * Double.unitRoundoff) == [])
    #expect(explains(-0.1) == ["stepped-twice", "gradient-doubled"])
  }

  @Test func theAllowanceIsThatOfTheCoarserArithmetic() {
    var reference = UpdateReference.sgd(learningRate: 0.1)
    #expect(
      RoundingAllowance(reference, unitRoundoff: 0.5).allowed(reach: 3, steps: 2) == 16 * 0.5 * 6)
    reference.unitRoundoff = 1
    #expect(
      RoundingAllowance(reference, unitRoundoff: 0.5).allowed(reach: 3, steps: 2) == 16 * 6)
  }
}
