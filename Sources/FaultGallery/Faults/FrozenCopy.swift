import GSLKit
import GradientCheck
import TiedLayers

/// A copy that was taken when the layer was built.
package struct FrozenCopy: Fault {
  package let id = "frozen-copy"
  package let summary =
    "the copy of the kernel is taken once, when the layer is built"
  package let lesson =
    "The gradient check passes: with the copy a constant, the gradient of the model as it "
    + "stands is right. What is wrong is the model: the second layer stays at the first values "
    + "for ever. Change the kernel and watch whether the layer follows."
  package let source = "StackOverflow 59663963, with get_weights() in the constructor"
  package let convictor = Convictor.tie
  package let diagnosis = "stale-copy"
  package let explanation = FaultExplanation(
    tempting:
      "Copying once in build() looks cheaper than copying at every call.",
    formula:
      "y = h W0^T + c for ever; the numeric gradient through the decoder is 0",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      """,
    keras: """
      def build(self, shape):
        self.W = keras.ops.transpose(self.tied_to.kernel)   # wrong: a value of today
      def call(self, h):
        W = keras.ops.transpose(self.tied_to.kernel)        # right: read at every call
        return keras.ops.matmul(h, W) + self.bias
      """,
    pytorch: """
      class Decoder(nn.Module):
        def __init__(self, encoder):
          super().__init__()
          self.encoder = encoder
          # wrong: self.W = encoder.weight.detach().clone().t()
        def forward(self, h):
          return F.linear(h, self.encoder.weight.t())   # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let pair = try chain.tiedPair(for: id)
    guard pair.first != pair.last else {
      throw FaultNotApplicable(
        id, needs: "two layers that share a kernel",
        instead: "Within one layer, a copy at one step looks like a step that no sample reaches.")
    }
    return try chain.withCopiedKernel(takenOnce: true, fault: id)
  }
}
