import GSLKit
import GradientCheck
import TiedLayers

/// One parameter twice in the optimizer's list.
package struct DuplicateInGroup: Fault {
  package let id = "duplicate-in-group"
  package let summary =
    "the shared kernel stands twice in the list that the optimizer is given"
  package let lesson =
    "A list that was put together layer by layer names a shared kernel once for each. The "
    + "optimizer does as it is told, with one state and two steps. Remove duplicates by identity."
  package let source = "pytorch#40967 (a warning only)"
  package let convictor = Convictor.updates
  package let diagnosis = "stepped-twice"
  package let alike = ["stepped-twice"]
  package let explanation = FaultExplanation(
    tempting:
      "list(encoder.parameters()) + list(decoder.parameters()) is how most examples begin.",
    formula:
      "SGD moves W by -2 rate G; Adam makes two steps with one gradient",
    swift: """
      uniqued(layers.flatMap(\\.parameters))   // each once, by identity
      """,
    keras: """
      optimizer.build(encoder.trainable_variables + decoder.trainable_variables)   # wrong
      optimizer.build(model.trainable_variables)                                   # right
      """,
    pytorch: """
      params = list(encoder.parameters()) + list(decoder.parameters())   # wrong: W twice
      params = list(dict.fromkeys(params))                               # right: each once
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer { ListingTwice(subject.makeTrainer()) }
  }
}

/// Names every shared parameter twice.
private final class ListingTwice: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    let list = parameters.indices.flatMap { shared[$0] ? [$0, $0] : [$0] }
    try trainer.step(
      list.map { parameters[$0] },
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer, gradients: list.map { contribution.gradients[$0] })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
