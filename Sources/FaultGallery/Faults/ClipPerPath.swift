import GSLKit
import GradientCheck
import TiedLayers

/// Clipping by the norms of the paths, and not by that of their sum.
package struct ClipPerPath: Fault {
  package let id = "clip-per-path"
  package let summary =
    "the norm for clipping is taken over the contributions of the uses, before they are added"
  package let lesson =
    "The direction stays right and the length is wrong: |G_enc|^2 + |G_dec|^2 is not |G_enc + G_dec^T|^2. "
    + "Where the two uses pull the same way the step comes out too long, where they pull apart too short. "
    + "Add over uses first, and then take the norm."
  package let source = "our own; the same sum as Megatron-LM#7228"
  package let convictor = Convictor.updates
  package let diagnosis = "clip-by-contribution"
  package let explanation = FaultExplanation(
    tempting:
      "Each layer knows its own gradient, and adding up squares over layers is how a norm is computed.",
    formula:
      "|g|^2 = |G_enc|^2 + |G_dec|^2 + rest instead of |G_enc + G_dec^T|^2 + rest",
    swift: """
      let optimizer = Clipping(Adam(learningRate: 0.01), norm: 1)   // of the sums, by parameter
      """,
    keras: """
      norm = tf.linalg.global_norm(contributions)        # wrong: one for each use
      grads, norm = tf.clip_by_global_norm(grads, 1.0)   # right: one for each variable
      """,
    pytorch: """
      norm = sum(g.norm() ** 2 for g in contributions) ** 0.5   # wrong: hooks on each use
      nn.utils.clip_grad_norm_(model.parameters(), 1.0)         # right: after backward
      """)

  package init() {}

  /// So short that every gradient of a real model is clipped.
  package var subjects: [UpdateSubject] { ClipCountsTwice().subjects }

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    let reference = subject.reference
    // Plain gradient descent, so that no right clipping comes after the wrong one.
    guard let norm = reference.clippingNorm, !reference.keepsState, reference.weightDecay == 0
    else {
      return subject
    }
    return subject.replacingTrainer {
      ClippingByPaths(learningRate: reference.learningRate, norm: norm)
    }
  }
}

/// Shortens all gradients by a norm in which each contribution stands by itself, and steps.
private final class ClippingByPaths: Trainer {
  private let trainer: any Trainer
  private let norm: Double

  init(learningRate: Double, norm: Double) {
    trainer = OptimizerTrainer(SGD(learningRate: learningRate))
    self.norm = norm
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    var squares = 0.0
    for contribution in contributions {
      for (parameter, gradient) in zip(parameters, contribution.gradients) {
        guard let moving = gradient.map(parameter.moving) else { continue }
        squares += innerProduct(moving, moving)
      }
    }
    let factor = min(1, norm / squares.squareRoot())
    try trainer.step(
      parameters,
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer,
          gradients: contribution.gradients.map { $0?.map { factor * $0 } })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
