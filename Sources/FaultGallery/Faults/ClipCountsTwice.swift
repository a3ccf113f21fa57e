import GSLKit
import GradientCheck
import TiedLayers

/// A clipping norm that counts a shared kernel for each use.
package struct ClipCountsTwice: Fault {
  package let id = "clip-counts-twice"
  package let summary =
    "the gradient of the shared kernel enters the norm for clipping once for each use"
  package let lesson =
    "The norm is taken over all gradients together, so one that is counted twice shortens the "
    + "steps of all parameters, those that share nothing included. The norm comes out too large "
    + "by up to sqrt 2."
  package let source = "Megatron-LM#7228"
  package let convictor = Convictor.updates
  package let diagnosis = "clip-counts-twice"
  package let explanation = FaultExplanation(
    tempting:
      "On several devices each holds its use of the kernel, and each reports a norm.",
    formula:
      "|g|^2 = 2 |G|^2 + rest instead of |G|^2 + rest",
    swift: """
      let optimizer = Clipping(Adam(learningRate: 0.01), norm: 1)   // over parameters, each once
      """,
    keras: """
      norm = tf.linalg.global_norm(encoder_grads + decoder_grads)   # wrong: G_W twice
      grads, norm = tf.clip_by_global_norm(grads, 1.0)   # right: one for each variable
      """,
    pytorch: """
      params = list(encoder.parameters()) + list(decoder.parameters())   # wrong: W twice
      nn.utils.clip_grad_norm_(model.parameters(), 1.0)                  # right
      """)

  package init() {}

  /// So short that every gradient of a real model is clipped.
  package var subjects: [UpdateSubject] {
    [
      UpdateSubject(
        .sgd(learningRate: 0.1).clipped(to: 0.001),
        makeOptimizer: { Clipping(SGD(learningRate: 0.1), norm: 0.001) })
    ]
  }

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    guard let norm = subject.reference.clippingNorm else { return subject }
    return subject.replacingTrainer { CountingTwice(subject.makeTrainer(), norm: norm) }
  }
}

/// Shortens the gradients by a norm in which shared parameters stand once for each use. What is
/// shorter than the norm the right clipping then leaves alone.
private final class CountingTwice: Trainer {
  private let trainer: any Trainer
  private let norm: Double

  init(_ trainer: any Trainer, norm: Double) {
    self.trainer = trainer
    self.norm = norm
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let gradients = try sum(of: contributions, for: parameters)
    var squares = 0.0
    for p in parameters.indices {
      let uses = contributions.count { $0.gradients[p] != nil }
      for g in parameters[p].moving(gradients[p]) { squares += Double(max(uses, 1)) * g * g }
    }
    let factor = min(1, norm / squares.squareRoot())
    try trainer.step(
      parameters,
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer,
          gradients: contribution.gradients.map { $0.map { $0.map { factor * $0 } } })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
