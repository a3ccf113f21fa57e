import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// One step function per parameter, with the memories it needs.
private final class ClosureOptimizer: Optimizer {
  typealias Memory = (first: [Double], second: [Double], steps: Int)
  private var memories: [ObjectIdentifier: Memory] = [:]
  private let rule: (inout Memory, _ g: [Double], inout [Double]) -> Void

  init(_ rule: @escaping (inout Memory, [Double], inout [Double]) -> Void) { self.rule = rule }

  func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) {
    for (parameter, gradient) in zip(parameters, gradients) {
      let zero = [Double](repeating: 0, count: parameter.count)
      var memory = memories[ObjectIdentifier(parameter)] ?? (zero, zero, 0)
      var values = parameter.flat
      rule(&memory, gradient, &values)
      parameter.flat = values
      memories[ObjectIdentifier(parameter)] = memory
    }
  }

  var stateSlots: Int { memories.count }
}

/// Adam; `inside` puts the stabilizer under the root, where it does not belong.
private func adam(inside: Bool) -> ClosureOptimizer {
  ClosureOptimizer { memory, g, values in
    memory.steps += 1
    let (c1, c2) = (
      1 - Foundation.pow(0.9, Double(memory.steps)), 1 - Foundation.pow(0.999, Double(memory.steps))
    )
    for i in g.indices {
      memory.first[i] = 0.9 * memory.first[i] + 0.1 * g[i]
      memory.second[i] = 0.999 * memory.second[i] + (1 - 0.999) * g[i] * g[i]
      let square = memory.second[i] / c2
      let root = inside ? (square + 1e-8).squareRoot() : square.squareRoot() + 1e-8
      values[i] -= 0.01 * memory.first[i] / c1 / root
    }
  }
}

/// v := 0.9 v + (1 - dampening) g.
private func momentum(dampening: Double) -> ClosureOptimizer {
  ClosureOptimizer { memory, g, values in
    for i in g.indices {
      memory.first[i] = 0.9 * memory.first[i] + (1 - dampening) * g[i]
      values[i] -= 0.1 * memory.first[i]
    }
  }
}

/// As PyTorch's SGD steps what stands twice in its list: each place makes a velocity of its own at the
/// first step, and later steps share one.
private func duplicated(momentum: Double) -> ClosureOptimizer {
  ClosureOptimizer { memory, g, values in
    for _ in 0..<2 {
      for i in g.indices {
        memory.first[i] = (memory.steps == 0 ? 0 : momentum * memory.first[i]) + g[i]
        values[i] -= 0.1 * memory.first[i]
      }
    }
    memory.steps += 1
  }
}

private func check(
  _ objective: any PathObjective, _ subjects: [UpdateSubject] = UpdateSubject.standard,
  steps: Int = 4
) throws -> UpdateResult {
  try UpdateCheck(steps: steps).check(
    objective, gradient: try gradientResult(objective), subjects)
}

struct UpdateCheckTests {
  @Test func everyOptimizerPassesOnEveryKindOfModel() throws {
    for seed in 1...4 {
      for (tied, hidden, shared) in [
        (true, [3], false), (true, [4], true), (false, [3], false), (true, [3, 2], false),
      ] {
        let model = try autoencoder(UInt64(seed), hidden: hidden, tied: tied, biasShared: shared)
        let result = try check(model)
        #expect(result.verdict == .pass)
        #expect(result.optimizers.count == 7)
        for optimizer in result.optimizers {
          #expect(optimizer.findings == [], "\(optimizer.name) \(hidden) seed \(seed)")
          #expect(optimizer.fullStep.allSatisfy { abs($0.ratio - 1) < 1e-12 })
          #expect(optimizer.stateSlots == optimizer.expectedStateSlots)
          #expect(optimizer.maxDifference < 1e-12)
        }
      }
    }
  }

  /// Biases at zero, a gradient that changes its sign: the value is small beside what moved it.
  @Test func valuesThatReturnToZeroAreNoFalseAlarm() throws {
    for seed in 1...25 {
      let model = try autoencoder(UInt64(seed))
      for parameter in model.parameters where parameter.shape.count == 1 {
        parameter.flat = parameter.flat.map { _ in 0 }
      }
      let result = try check(
        model,
        [
          UpdateSubject(.adam(learningRate: 0.2), makeOptimizer: { Adam(learningRate: 0.2) }),
          UpdateSubject(
            .adamw(learningRate: 0.2, weightDecay: 0.01),
            makeOptimizer: { Adam(learningRate: 0.2, decoupledDecay: 0.01) }),
        ], steps: 12)
      #expect(result.optimizers.map(\.findings) == [[], []], "seed \(seed)")
    }
  }

  @Test func aStepThroughOneLayerIsSeenByBoth() throws {
    let result = try check(try autoencoder(1), [UpdateSubject.standard[0]]).optimizers[0]
    #expect(result.through.map(\.layer) == ["encoder", "decoder"])
    for through in result.through {
      #expect(through.verdict == .pass && through.moved > 0)
      #expect(abs(through.predicted - through.moved) < 1e-12 * through.moved)
      #expect(through.seenBy.map(\.layer) == ["encoder", "decoder"])
      #expect(through.seenBy.allSatisfy { abs($0.moved - through.moved) < 1e-15 })
    }
  }

  @Test func theSlopeAlongTheStepIsTheGradientTimesTheStep() throws {
    let model = try autoencoder(2)
    let result = try check(model).optimizers[0]
    // SGD: the step is -rate G, the slope -rate |G|^2.
    let square = try model.gradients().reduce(0) { $0 + innerProduct($1!, $1!) }
    #expect(abs(result.slope.analytic + 0.1 * square) < 1e-12)
    #expect(abs(result.slope.numeric - result.slope.analytic) <= result.slope.bound + 1e-9)
    #expect(result.slope.verdict == .pass)
  }

  @Test func aWrongGradientFailsTheSlope() throws {
    let model = try autoencoder(2)
    let wrong = TamperedPaths(model) { layer, parameter, claim in
      if layer == 1 && parameter == 0 { claim = claim.map { $0 * 1.01 } }
    }
    let result = try UpdateCheck(steps: 1).check(
      wrong, gradient: try gradientResult(model), [UpdateSubject.standard[0]]
    ).optimizers[0]
    #expect(result.slope.verdict == .fail && result.verdict == .fail)
    #expect(result.findings.contains { $0.hasPrefix("the loss changes along the step at a rate") })
  }

  @Test func driftIsZeroAtTheStartAndGrows() throws {
    for optimizer in try check(try autoencoder(3)).optimizers {
      #expect(optimizer.drift.count == 5 && optimizer.drift[0] == 0)
      #expect(optimizer.drift[1] > 0 && optimizer.drift[4] > optimizer.drift[1])
    }
    #expect(try check(try autoencoder(3, tied: false)).optimizers[0].drift == [])
  }

  @Test func theFirstStepsDriftIsTheDistanceOfTheTwoPaths() throws {
    let model = try autoencoder(3)
    let paths = try zip(model.uses, model.gradientsByUse()).filter { $0.0.parameter == 0 }
      .map { $0.1! }
    let distance = euclideanNorm(zip(paths[0], paths[1]).map { 0.1 * ($0 - $1) })
    let moved = zip(model.parameters[0].flat, paths[0]).map { $0 - 0.1 * $1 }
    let drift = try check(model, [UpdateSubject.standard[0]]).optimizers[0].drift
    #expect(abs(drift[1] - distance / euclideanNorm(moved)) < 1e-14)
  }

  @Test func aStepIsMadeThroughEachUseWithinALayer() throws {
    let model = repeated(3, uses: 3)
    let result = try check(model).optimizers[0]
    #expect(result.verdict == .pass)
    #expect(
      result.through.map(\.name) == [
        "loop turn 1", "loop turn 2", "loop turn 3", "loop bias 1", "loop bias 2", "loop bias 3",
      ])
    // Plain gradient descent moves by each path alone.
    for (through, claim) in zip(result.through, try model.gradientsByUse()) {
      #expect(abs(through.moved - 0.1 * euclideanNorm(claim!)) < 1e-14)
      #expect(through.seenBy.count == 3 && through.verdict == .pass)
    }
    #expect(result.drift[0] == 0 && result.drift[1] > 0)
  }

  @Test func aTrainerThatStepsOncePerUseWithinALayerIsConvicted() throws {
    let wrong = UpdateSubject(.adam(learningRate: 0.01), makeTrainer: { StepPerContribution() })
    let result = try check(repeated(3, uses: 3), [wrong])
    #expect(result.verdict == .fail)
    #expect(abs(result.optimizers[0].fullStep[0].ratio - 1) > 0.1)
  }

  @Test func thePointIsPutBack() throws {
    let model = try autoencoder(4)
    model.parameters[0][1] = -0.0
    let before = bits(model.parameters)
    _ = try check(model)
    #expect(bits(model.parameters) == before)
    let failing = UpdateSubject(
      .sgd(learningRate: 0.1),
      makeOptimizer: {
        ClosureOptimizer { _, _, values in values[0] = .nan }
      })
    _ = try check(model, [failing])
    #expect(bits(model.parameters) == before)
  }

  // MARK: Wrong optimizers

  @Test func aParameterThatStandsTwiceInTheListIsNamed() throws {
    let result = try check(
      try autoencoder(1),
      [
        UpdateSubject(.sgd(learningRate: 0.1), makeOptimizer: { duplicated(momentum: 0) }),
        UpdateSubject(.momentum(learningRate: 0.1), makeOptimizer: { duplicated(momentum: 0.9) }),
      ])
    let kernel = UpdateHypothesis.diagnoses(result)[0]
    #expect(kernel.id == "stepped-twice" && kernel.explained, "\(kernel.sentence)")
    #expect(kernel.sentence.hasSuffix("(sgd, momentum)"))
    #expect(
      result.optimizers[1].explanations.filter { $0.parameter == kernel.parameter }.count == 1)
  }

  @Test func adamWithTheStabilizerInsideTheRootFails() throws {
    let model = try autoencoder(1)
    #expect(
      try check(
        model, [UpdateSubject(.adam(learningRate: 0.01), makeOptimizer: { adam(inside: false) })]
      ).verdict == .pass)
    let wrong = try check(
      model, [UpdateSubject(.adam(learningRate: 0.01), makeOptimizer: { adam(inside: true) })])
    #expect(wrong.verdict == .fail)
  }

  @Test func momentumWithDampeningFails() throws {
    let model = try autoencoder(1)
    for (dampening, verdict) in [(0.0, Verdict.pass), (0.1, .fail), (1e-9, .fail)] {
      let subject = UpdateSubject(
        .momentum(learningRate: 0.1), makeOptimizer: { momentum(dampening: dampening) })
      #expect(try check(model, [subject]).verdict == verdict)
    }
  }

  @Test func aWrongLearningRateIsFoundInTheFirstStep() throws {
    let subject = UpdateSubject(
      .sgd(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.2) })
    let result = try check(try autoencoder(1), [subject]).optimizers[0]
    #expect(result.verdict == .fail)
    #expect(result.fullStep.allSatisfy { abs($0.ratio - 2) < 1e-9 && $0.verdict == .fail })
    #expect(result.findings.contains { $0.contains("2 times the predicted amount") })
    #expect(result.through.allSatisfy { $0.verdict == .fail })
    #expect(result.findings.contains { $0.hasPrefix("a step through encoder alone moved W by") })
  }

  @Test func aStateThatDiffersIsFoundEvenWhereTheValuesAgree() throws {
    final class Liar: Trainer {
      let trainer = OptimizerTrainer(SGD(learningRate: 0.1, momentum: 0.9))
      func step(_ p: [any AnyParameter], contributions: [LayerContribution]) throws {
        try trainer.step(p, contributions: contributions)
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] {
        trainer.state(of: parameter).mapValues { $0.map { $0 * (1 + 1e-8) } }
      }
      var stateSlots: Int { trainer.stateSlots }
    }
    let subject = UpdateSubject(.momentum(learningRate: 0.1), makeTrainer: { Liar() })
    let result = try check(try autoencoder(1), [subject]).optimizers[0]
    #expect(result.verdict == .fail)
    #expect(
      result.findings
        == ["W", "b", "c"].map { "\($0)'s velocity left the single-kernel reference at step 1" })
  }

  /// The number of states is reported, and explains a finding; alone it is none.
  @Test func stateSlotsAreCountedOncePerParameter() throws {
    final class TwoStates: Trainer {
      let trainer: OptimizerTrainer
      init(_ optimizer: any Optimizer) { trainer = OptimizerTrainer(optimizer) }
      func step(_ p: [any AnyParameter], contributions: [LayerContribution]) throws {
        try trainer.step(p, contributions: contributions)
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
      var stateSlots: Int { 2 * trainer.stateSlots }
    }
    func result(_ rate: Double) throws -> OptimizerResult {
      let subject = UpdateSubject(
        .adam(learningRate: 0.1), makeTrainer: { TwoStates(Adam(learningRate: rate)) })
      let results = try check(try autoencoder(1), [subject])
      return results.optimizers[0]
    }
    let harmless = try result(0.1)
    #expect(harmless.verdict == .pass && harmless.findings.isEmpty)
    #expect(harmless.stateSlots == 6 && harmless.expectedStateSlots == 3)
    #expect(
      try result(0.2).findings.contains(
        "the optimizer keeps 6 states for 3 parameters; expected 3"))
  }

  @Test func anOptimizerThatTurnsValuesIntoNaNFails() throws {
    let subject = UpdateSubject(
      .sgd(learningRate: 0.1),
      makeOptimizer: { ClosureOptimizer { _, _, values in values[0] = .nan } })
    let result = try check(try autoencoder(1), [subject]).optimizers[0]
    #expect(result.verdict == .fail && result.maxDifference == .infinity)
  }
}

/// One step of one optimizer for every contribution.
private final class StepPerContribution: Trainer {
  private let optimizer = Adam(learningRate: 0.01)

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    for contribution in contributions {
      try optimizer.step(parameters, sum(of: [contribution], for: parameters))
    }
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] {
    optimizer.state(of: parameter)
  }

  var stateSlots: Int { optimizer.stateSlots }
}
