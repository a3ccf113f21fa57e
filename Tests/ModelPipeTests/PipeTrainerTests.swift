import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import ModelPipe

@Suite struct PipeTrainerTests {
  private func reference(
    _ rule: String, _ fill: (inout PipeDescription.OptimizerDescription.Rates) -> Void = { _ in }
  ) -> UpdateReference? {
    var description = PipeDescription.OptimizerDescription(name: "mine", rule: rule)
    description.rates.learningRate = 0.1
    fill(&description.rates)
    return description.reference
  }

  @Test func everyRuleHasItsReference() {
    #expect(reference("sgd")?.name == "sgd")
    #expect(reference("sgd") { $0.weightDecay = 0.1 }?.name == "sgd_weight_decay")
    #expect(reference("sgd") { $0.momentum = 0.9 }?.name == "momentum")
    #expect(
      reference("sgd") {
        $0.momentum = 0.9
        $0.nesterov = true
      }?.name == "nesterov")
    #expect(reference("rmsprop")?.name == "rmsprop")
    #expect(reference("adam") { $0.stabilizerPlace = "uncorrected" }?.name == "adam")
    #expect(reference("adamw")?.name == "adamw")
    #expect(reference("sgd")?.unitRoundoff == 0)
    var rounded = PipeDescription.OptimizerDescription(name: "mine", rule: "sgd")
    rounded.rates.learningRate = 0.1
    rounded.precision = "float"
    #expect(rounded.reference?.unitRoundoff == Float.unitRoundoff)
    rounded.clip = .init(norm: 2)
    #expect(rounded.reference?.name == "sgd_clipped")
  }

  @Test func whatHasNoReferenceIsNotCompared() {
    #expect(reference("lion") == nil)
    #expect(reference("adam with amsgrad") == nil)
    #expect(reference("sgd") { $0.learningRate = nil } == nil)
    #expect(reference("rmsprop") { $0.weightDecay = 0.1 } == nil)
    #expect(reference("rmsprop") { $0.stabilizerPlace = "uncorrected" } == nil)
    #expect(reference("adam") { $0.stabilizerPlace = "inside" } == nil)
    #expect(reference("adam") { $0.stabilizerPlace = "elsewhere" } == nil)
  }

  /// Steps a shared kernel once for each use, as two parameters over one memory are.
  private final class PerUse: Trainer {
    private var trainers: [OptimizerTrainer] = []
    func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
      for (l, contribution) in contributions.enumerated() {
        if l == trainers.count { trainers.append(OptimizerTrainer(Adam(learningRate: 0.01))) }
        let own = parameters.indices.filter { contribution.gradients[$0] != nil }
        try trainers[l].step(
          own.map { parameters[$0] },
          contributions: [
            LayerContribution(
              layer: contribution.layer, gradients: own.map { contribution.gradients[$0] })
          ])
      }
    }
    func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
    var stateSlots: Int { trainers.reduce(0) { $0 + $1.stateSlots } }
  }

  @Test func aStateForEachUseIsNamed() throws {
    let served = try pair()
    // The rule is the program's word; how it is carried out is what is checked.
    let loopback = Loopback(
      PipeServer(served, trainings: [.init("adam", makeTrainer: { PerUse() })])
    ) {
      $0.replacingOccurrences(
        of: #""rule":"unknown""#, with: #""rule":"adam","learning_rate":0.01"#)
    }
    let piped = try PipeObjective(loopback)
    let found = try CheckCase(
      name: "pair", model: "program", subjects: piped.updateSubjects(steps: 3), steps: 3
    ) {
      piped
    }.run(CheckOptions())
    #expect(found.updates.verdict == .fail)
    #expect(found.diagnoses.map(\.id) == ["state-per-use"])
    #expect(found.updates.optimizers[0].stateSlots == 4)
  }
}
