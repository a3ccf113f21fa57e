import GSLKit
import GradientCheck
import TiedLayers

/// Freezing one use of a kernel freezes the other.
package struct FrozenOneFreezesBoth: Fault {
  package let id = "frozen-one-freezes-both"
  package let summary =
    "freezing the encoder's use of the shared kernel silently freezes the decoder's too"
  package let lesson =
    "There is one parameter, and a flag on it holds for every use. Either the whole kernel is "
    + "frozen, and one should say so, or the use is cut out of the gradient and the kernel goes "
    + "on moving by the other."
  package let source = "transformers#31467"
  package let convictor = Convictor.updates
  package let diagnosis = "not-moved"
  package let explanation = FaultExplanation(
    tempting:
      "requires_grad = False on \"the encoder's weights\" reads as if the decoder had others.",
    formula:
      "W should move by A(G_dec^T), and does not move at all",
    swift: """
      Freezing(OptimizerTrainer(optimizer), Frozen(firstUse: true))   // cuts one use out
      """,
    keras: """
      encoder.trainable = False              # freezes W for the tied decoder too
      h = matmul(x, stop_gradient(W)) + b    # right: cuts this use out only
      """,
    pytorch: """
      encoder.weight.requires_grad_(False)        # freezes W for the decoder too
      h = F.linear(x, encoder.weight.detach(), b)   # right: cuts this use out only
      """)

  package init() {}

  package var subjects: [UpdateSubject] {
    let frozen = Frozen(firstUse: true)
    return [
      UpdateSubject(
        .sgd(learningRate: 0.1), frozen: frozen, named: "sgd_frozen_use",
        makeTrainer: { Freezing(OptimizerTrainer(SGD(learningRate: 0.1)), frozen) })
    ]
  }

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    guard subject.frozen.firstUse else { return subject }
    return subject.replacingTrainer { FreezingBoth(subject.makeTrainer()) }
  }
}

/// Leaves every shared parameter out.
private final class FreezingBoth: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    let live = parameters.indices.filter { !shared[$0] }
    try trainer.step(
      live.map { parameters[$0] },
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer, gradients: live.map { contribution.gradients[$0] })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
