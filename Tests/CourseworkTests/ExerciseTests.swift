import CheckReport
import Coursework
import Exercises
import GSLKit
import GradientCheck
import GradientCheckTesting
import Layers
import Testing
import TiedLayers

import struct CourseStarter.LinearAutoencoder
import struct CourseStarter.NotSolved
import class CourseStarter.TiedAdam
import struct CourseStarter.TransposedDense
import func CourseStarter.denseBackward
import func CourseStarter.sharedGradient

/// What a check of one objective says, as a test would say it; nil where it passes.
private func message(_ check: Exercise.Check, _ objective: any Objective) throws -> String? {
  let said = collectingFailures {
    switch check.question {
    case .gradient: expectGradient(of: objective)
    case .ties(let layers):
      expectTied(layers[0], layers[1], in: objective as! any SummarizedObjective)
    case .updates(let reference, let steps, let makeTrainer):
      expectUpdates(of: objective, training: makeTrainer, matching: reference, steps: steps)
    }
  }
  #expect(said.count <= 1)
  return said.first
}

struct ExerciseTests {
  @Test func theSolutionsPassEveryCheckAtEverySeed() throws {
    for exercise in exercises {
      for check in exercise.checks {
        for seed: UInt64 in 1...4 {
          let result = try check.makeCase(named: check.name, model: exercise.id) {
            try check.makeObjective(seed)
          }.run(CheckOptions())
          #expect(result.verdict == .pass, "\(exercise.id) \(check.name) seed \(seed)")
          // A check that passes would have noticed something.
          #expect(result.vacuousParameters.isEmpty)
        }
      }
    }
  }

  @Test func twentyPointsAndNamesOfTheirOwn() {
    #expect(exercises.reduce(0) { $0 + $1.points } == 20)
    #expect(Set(exercises.map(\.id)).count == 5 && Set(exercises.map(\.file)).count == 5)
    for exercise in exercises {
      #expect(Set(exercise.checks.map(\.name)).count == exercise.checks.count)
    }
  }

  // MARK: The starter

  @Test func theStarterThrowsAndItsMessageNamesTheExercise() throws {
    let kernel = [[0.5, 0.25], [0.75, -0.5]]
    let parameter = Parameter<Double>("c", [0, 0])
    let encoder = Dense("encoder", kernel: Kernel("W", try Matrix(kernel)))
    let attempts: [(String, () throws -> Any)] = [
      (
        "dense-backward",
        { try CourseStarter.denseBackward(kernel, at: kernel, kernel: kernel, bias: [0, 0]) }
      ),
      (
        "transposed-twin",
        { try CourseStarter.TransposedDense("decoder", tiedTo: encoder, bias: parameter) }
      ),
      ("sum-rule", { try CourseStarter.sharedGradient(encoder: kernel, decoder: kernel) }),
      (
        "optimizer-step",
        { try CourseStarter.TiedAdam(learningRate: 0.1).step([parameter], contributions: []) }
      ),
    ]
    for (id, attempt) in attempts {
      let error = #expect(throws: CourseStarter.NotSolved.self) { _ = try attempt() }
      let file = exercises.first { $0.id == id }!.file
      #expect(error?.description.hasPrefix("Not solved yet: \(id). Write ") == true)
      #expect(error?.description.contains("Sources/Layers/\(file)") == true)
    }
  }

  @Test func theFaultThatIsToBeFoundIsNamed() throws {
    for seed: UInt64 in 1...4 {
      let said = try message(
        exercises[4].checks[0],
        FindTheFaultExercise.gradient(seed: seed) { kernel, bias, batch in
          try CourseStarter.LinearAutoencoder(kernel: kernel, bias: bias).kernelGradient(batch)
        })
      #expect(said?.hasSuffix("For more: swift run tiecheck faults scaled-path") == true)
      #expect(said?.contains("the contribution of decoder to W is multiplied by 0.2000") == true)
    }
  }

  // MARK: Wrong answers

  @Test func wrongBackwardPassesOfADenseLayerFailWhereTheyAreWrong() throws {
    typealias Wrong = DenseBackwardExercise.Answer
    let right = DenseBackwardExercise.yours
    let mean: Wrong = { cotangent, x, kernel, bias in
      var found = try right(cotangent, x, kernel, bias)
      found.bias = found.bias.map { $0 / 2 }
      return found
    }
    let noDerivative: Wrong = { cotangent, x, kernel, bias in
      var found = try right(cotangent, x, kernel, bias)
      found.input = cotangent.map { c in
        kernel.map { row in zip(row, c).reduce(0) { $0 + $1.0 * $1.1 } }
      }
      return found
    }
    let turned: Wrong = { cotangent, x, kernel, bias in
      var found = try right(cotangent, x, kernel, bias)
      found.kernel = found.kernel[0].indices.map { j in found.kernel.map { $0[j] } }
      return found
    }
    let checks = exercises[0].checks
    #expect(try message(checks[0], DenseBackwardExercise.kernel(seed: 1, answer: mean)) == nil)
    #expect(try message(checks[1], DenseBackwardExercise.bias(seed: 1, answer: mean)) != nil)
    let input = try message(
      checks[2], DenseBackwardExercise.input(seed: 1, answer: noDerivative))
    #expect(input?.contains("Worst entries") == true)
    let shape = try message(checks[0], DenseBackwardExercise.kernel(seed: 1, answer: turned))
    #expect(shape?.contains("got 2 x 3, expected 3 x 2. Is it transposed?") == true)
  }

  @Test func wrongTwinsAreNamed() throws {
    let (gradient, tie) = (exercises[1].checks[0], exercises[1].checks[1])
    // A copy: right forward pass, a kernel of its own.
    let copy: TransposedTwinExercise.Answer = { encoder, bias in
      Dense(
        "decoder", kernel: Kernel("copy", encoder.kernel.parameter.values.transposed), bias: bias)
    }
    let copied = try message(tie, TransposedTwinExercise.pair(seed: 1, answer: copy))
    #expect(copied?.hasSuffix("tiecheck faults copied") == true)
    #expect(throws: ShapeMismatch.self) {
      try TransposedTwinExercise.gradient(seed: 1, answer: copy)
    }
    // The kernel as it is, which fits, because it is square: consistent with itself, and wrong.
    let unturned: TransposedTwinExercise.Answer = { encoder, bias in
      Dense("decoder", kernel: encoder.kernel, bias: bias)
    }
    #expect(try message(tie, TransposedTwinExercise.pair(seed: 1, answer: unturned)) == nil)
    let found = try message(gradient, TransposedTwinExercise.gradient(seed: 1, answer: unturned))
    #expect(found?.hasPrefix("FAIL") == true)
  }

  @Test func wrongSumsAreNamed() throws {
    let square = exercises[2].checks[0]
    let wrong: [(String, SumRuleExercise.Answer)] = [
      ("missing-path", { encoder, _ in encoder }),
      (
        "untransposed",
        { encoder, decoder in zip(encoder, decoder).map { zip($0, $1).map(+) } }
      ),
      (
        "averaged",
        { encoder, decoder in
          try SumRuleExercise.yours(encoder, decoder).map { $0.map { $0 / 2 } }
        }
      ),
    ]
    for (name, answer) in wrong {
      let said = try message(square, SumRuleExercise.square(seed: 1, answer: answer))
      #expect(said?.hasSuffix("tiecheck faults \(name)") == true, "\(said ?? "passed")")
    }
  }

  @Test func aMemoryForEachUseIsNamed() throws {
    /// Adam for each layer's contribution, with a memory for each.
    final class PerUse: Trainer {
      private var adams: [String: Layers.TiedAdam] = [:]
      func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
        for (l, contribution) in contributions.enumerated() {
          let adam = adams["\(l)"] ?? Layers.TiedAdam(learningRate: 0.01)
          adams["\(l)"] = adam
          let live = parameters.indices.filter { contribution.gradients[$0] != nil }
          try adam.step(
            live.map { parameters[$0] },
            contributions: [
              LayerContribution(
                layer: contribution.layer, gradients: live.map { contribution.gradients[$0] })
            ])
        }
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
      var stateSlots: Int { adams.values.reduce(0) { $0 + $1.stateSlots } }
    }
    let said = try collectingFailures {
      expectUpdates(
        of: try OptimizerStepExercise.autoencoder(seed: 1), training: { PerUse() },
        matching: OptimizerStepExercise.reference)
    }
    #expect(said.count == 1 && said[0].hasSuffix("tiecheck faults state-per-use"), "\(said)")
  }
}
