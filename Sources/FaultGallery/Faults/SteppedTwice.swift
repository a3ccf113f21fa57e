import GSLKit
import GradientCheck
import TiedLayers

/// One update for each layer that uses the kernel.
package struct SteppedTwice: Fault {
  package let id = "stepped-twice"
  package let summary =
    "the update is called once for each layer that uses the shared kernel"
  package let lesson =
    "The gradient of a shared kernel already holds what both layers contribute. Walking over "
    + "layers to update \"their\" weights steps the shared one twice a batch. Walk over parameters, "
    + "each once."
  package let source = "keras-cv#1887; torch7#716"
  package let convictor = Convictor.updates
  package let diagnosis = "stepped-twice"
  package let alike = ["duplicate-in-group"]
  package let explanation = FaultExplanation(
    tempting:
      "for layer in layers { layer.update() } is right in every network that shares nothing.",
    formula:
      "SGD moves W by -2 rate G; Adam makes two steps with one gradient",
    swift: """
      for parameter in chain.parameters { … }   // not: for layer in chain.layers
      """,
    keras: """
      optimizer.build(model.trainable_variables)
      for layer in model.layers:                       # wrong: W twice
        optimizer.apply(grads[layer], layer.trainable_variables)
      optimizer.apply(grads, model.trainable_variables)   # right: each once
      """,
    pytorch: """
      for m in (encoder, decoder): update(m.weight)   # wrong: the same tensor twice
      for p in model.parameters(): update(p)          # right: each once
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer { SteppingTwice(subject.makeTrainer()) }
  }
}

/// Calls the optimizer once for each layer that uses the shared kernel, each time with the whole
/// gradient.
final class SteppingTwice: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    try trainer.step(parameters, contributions: contributions)
    let shared = sharedParameters(parameters, contributions)
    let again = parameters.indices.filter { shared[$0] }
    guard !again.isEmpty else { return }
    try trainer.step(
      again.map { parameters[$0] },
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer, gradients: again.map { contribution.gradients[$0] })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
