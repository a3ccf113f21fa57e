import GSLKit
import GradientCheck
import TiedLayers

/// Weight decay for each use.
package struct DecayPerAlias: Fault {
  package let id = "decay-per-alias"
  package let summary =
    "weight decay is applied once for each use of the shared kernel"
  package let lesson =
    "A kernel listed under two names decays twice: L2 by 2 lambda W, decoupled decay by (1 - "
    + "rate lambda)^2. Decay over the list of parameters, each once."
  package let source = "returnn#1319"
  package let convictor = Convictor.updates
  package let diagnosis = "decay-per-use"
  package let explanation = FaultExplanation(
    tempting:
      "The decay walks over layers, because biases are to be left out of it.",
    formula:
      "W shrinks by (1 - rate lambda)^2 a step instead of by (1 - rate lambda)",
    swift: """
      for parameter in chain.parameters where parameter.shape.count == 2 { decay(parameter) }
      """,
    keras: """
      for layer in model.layers:                      # wrong: W twice
        layer.tied_kernel.assign(layer.tied_kernel * (1 - rate * decay))
      keras.optimizers.AdamW(weight_decay=decay)      # right: walks over variables
      """,
    pytorch: """
      for name, p in model.named_parameters(remove_duplicate=False):
        p.data.mul_(1 - rate * decay)   # wrong: W twice
      for p in model.parameters():
        p.data.mul_(1 - rate * decay)   # right: each once
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    let reference = subject.reference
    guard reference.weightDecay != 0 else { return subject }
    return subject.replacingTrainer {
      DecayingPerUse(
        subject.makeTrainer(), learningRate: reference.learningRate,
        decay: reference.weightDecay)
    }
  }
}

/// Applies the weight decay once more for every further use of a parameter, before the step.
final class DecayingPerUse: Trainer {
  private let trainer: any Trainer
  private let learningRate: Double
  private let decay: Double

  init(_ trainer: any Trainer, learningRate: Double, decay: Double) {
    self.trainer = trainer
    self.learningRate = learningRate
    self.decay = decay
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    for p in parameters.indices {
      var values = parameters[p].flat
      let fixed = Set(parameters[p].fixedElements)
      // The trainer decays once itself.
      for _ in contributions.filter({ $0.gradients[p] != nil }).dropFirst() {
        for i in values.indices where !fixed.contains(i) { values[i] *= 1 - learningRate * decay }
      }
      parameters[p].flat = values
    }
    try trainer.step(parameters, contributions: contributions)
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
