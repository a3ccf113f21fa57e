import GSLKit
import GradientCheck
import TiedLayers

/// A gradient that is assigned instead of accumulated.
package struct Overwritten: Fault {
  package let id = "overwritten"
  package let summary =
    "the gradient of the shared kernel is assigned by each layer, so that only the last one "
    + "written remains"
  package let lesson =
    "Backward runs from the last layer to the first, so what remains is the encoder's. "
    + "Accumulate, into a buffer that starts at zero: += and never =."
  package let source = "Caffe#1977"
  package let convictor = Convictor.gradient
  package let diagnosis = "missing-path"
  package let alike = ["detached-copy", "decoder-path-lost"]
  package let explanation = FaultExplanation(
    tempting:
      "Each layer owns its weights in most networks, and then = and += are the same.",
    formula:
      "claimed G_enc (written last), true G = G_enc + G_dec^T",
    swift: """
      try gradients.add(contribution, to: kernel)   // there is no other way to enter one
      """,
    keras: """
      grads[id(W)] = tape.gradient(part, W)        # wrong in a loop over layers
      grads[id(W)] = grads.get(id(W), 0) + tape.gradient(part, W)   # right
      """,
    pytorch: """
      W.grad = g                                    # wrong for the second use
      W.grad = g if W.grad is None else W.grad + g  # right; autograd does so
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .encoder, fault: id) { own, soFar in
      try own.combined(1, with: soFar, -1)
    }
  }
}
