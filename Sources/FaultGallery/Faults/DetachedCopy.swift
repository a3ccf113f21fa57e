import GSLKit
import GradientCheck
import TiedLayers

/// The well-known answer to the question of tied Keras layers.
package struct DetachedCopy: Fault {
  package let id = "detached-copy"
  package let summary =
    "the tied layer reads a copy of the kernel on every call, outside the gradient"
  package let lesson =
    "A copy has the right values and no history. The forward pass is right, the summary says "
    + "that the kernel is shared, and the gradient silently loses everything the second layer "
    + "contributes. Use the parameter itself, never what get_weights() returned."
  package let source = "StackOverflow 59663963; confirmed with TensorFlow 2.21"
  package let convictor = Convictor.gradient
  package let diagnosis = "missing-path"
  package let alike = ["decoder-path-lost", "overwritten"]
  package let explanation = FaultExplanation(
    tempting:
      "The values are the same, the output is the same, and the loss goes down.",
    formula:
      "claimed G_enc, true G = G_enc + G_dec^T: the residual is -G_dec^T",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      """,
    keras: """
      # wrong: numbers, without history
      W = self.tied_to.get_weights()[0]
      return keras.ops.matmul(h, W.T) + self.bias
      # right: the variable
      W = self.tied_to.kernel
      return keras.ops.matmul(h, keras.ops.transpose(W)) + self.bias
      """,
    pytorch: """
      y = F.linear(h, encoder.weight.detach().t(), c)   # wrong; .data and .numpy() likewise
      y = F.linear(h, encoder.weight.t(), c)            # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withCopiedKernel(takenOnce: false, fault: id)
  }
}
