import GSLKit
import GradientCheck
import TiedLayers

/// The two uses of one kernel under two optimizers.
package struct RoutedApart: Fault {
  package let id = "routed-apart"
  package let summary =
    "the encoder's contribution goes to one optimizer, the decoder's to another"
  package let lesson =
    "Parameters are sorted into groups by the layer they belong to, and a shared one belongs to "
    + "two. Whatever the two optimizers do, it is not one step with the whole gradient."
  package let source = "Megatron-LM#4641"
  package let convictor = Convictor.updates
  package let diagnosis = "two-optimizers"
  package let explanation = FaultExplanation(
    tempting:
      "Embeddings want another learning rate or another optimizer than hidden layers.",
    formula:
      "W moves by A(G_enc) + B(G_dec^T) instead of A(G_enc + G_dec^T)",
    swift: """
      let optimizer = Adam(learningRate: 0.01)   // one for every use of a kernel
      """,
    keras: """
      adam.apply([g_enc], [W])   # wrong: each optimizer sees half of the gradient
      sgd.apply([g_dec], [W])
      adam.apply([g], [W])       # right: g is the sum
      """,
    pytorch: """
      # wrong: hooks that send one use's gradient to Adam and the other's to SGD
      groups = [{"params": [embedding.weight]}, {"params": rest}]
      opt = AdamW(groups)   # right: the shared weight in one group of one optimizer
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer {
      Routing(subject.makeTrainer(), SGD(learningRate: subject.reference.learningRate))
    }
  }
}

/// Sends what the first use of a shared parameter contributes to one optimizer, the rest to another.
private final class Routing: Trainer {
  private let trainer: any Trainer
  private let other: any Optimizer

  init(_ trainer: any Trainer, _ other: any Optimizer) {
    self.trainer = trainer
    self.other = other
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    var first = contributions
    for p in parameters.indices where shared[p] {
      let users = contributions.indices.filter { contributions[$0].gradients[p] != nil }
      for l in users.dropFirst() {
        var gradients = first[l].gradients
        gradients[p] = nil
        first[l] = LayerContribution(layer: first[l].layer, gradients: gradients)
      }
    }
    try trainer.step(parameters, contributions: first)
    for p in parameters.indices where shared[p] {
      for gradient in contributions.compactMap({ $0.gradients[p] }).dropFirst() {
        try other.step([parameters[p]], [gradient])
      }
    }
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
