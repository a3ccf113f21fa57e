import GSLKit
import GradientCheck
import TiedLayers

/// A gradient that is kept aside and, when its time comes, assigned.
package struct DelayedOverwritten: Fault {
  package let id = "delayed-overwritten"
  package let summary =
    "the decoder's contribution is kept aside and assigned at the end, over what the encoder has added"
  package let lesson =
    "Weight gradients can be computed later than the cotangents, so that devices need not wait. Whatever "
    + "is kept aside must be added when it is handed in, because another use may have been faster. The "
    + "test for the first write of a batch belongs to the parameter, not to the layer."
  package let source = "TransformerEngine#3437, PR 3552"
  package let convictor = Convictor.gradient
  package let diagnosis = "missing-path"
  package let alike = ["encoder-path-lost"]
  package let explanation = FaultExplanation(
    tempting:
      "The layer asks whether it is the first to write in this batch, and by its own count it is.",
    formula:
      "claimed G_dec^T (assigned last), true G = G_enc + G_dec^T",
    swift: """
      for late in keptAside { try gradients.add(late.value, to: late.kernel) }   // added, never assigned
      """,
    keras: """
      grads[W.path] = late_gradient                          # wrong: W has been written before
      grads[W.path] = grads.get(W.path, 0) + late_gradient   # right
      """,
    pytorch: """
      W.main_grad.copy_(late)   # wrong where W has a second use
      W.main_grad.add_(late)    # right, into a buffer that was zeroed once
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    // Whatever the first use adds, the assignment of the others takes its place.
    try chain.withWrongBackward(of: .encoder, fault: id) { _, _ in nil }
  }
}
