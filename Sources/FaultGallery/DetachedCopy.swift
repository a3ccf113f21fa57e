import GSLKit
import GradientCheck
import TiedLayers

/// The well-known answer to the question of tied Keras layers.
public struct DetachedCopy: Fault {
  public let id = "detached-copy"
  public let summary =
    "the tied layer reads a copy of the kernel on every call, outside the gradient"
  public let lesson =
    "A copy has the right values and no history. The forward pass is right, the summary says "
    + "that the kernel is shared, and the gradient silently loses everything the second layer "
    + "contributes. Use the parameter itself, never what get_weights() returned."
  public let source = "StackOverflow 59663963; confirmed with TensorFlow 2.21"
  public let convictor = Convictor.gradient
  public let diagnosis = "missing-path"
  public let alike = ["decoder-path-lost", "overwritten"]
  public let handout = Handout(
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

  public init() {}

  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withCopiedKernel(takenOnce: false, fault: id)
  }
}
