import GSLKit
import GradientCheck
import TiedLayers

/// The kernel was to be shared, and the bias came with it.
package struct BiasTakenAlong: Fault {
  package let id = "bias-taken-along"
  package let summary =
    "the decoder adds the encoder's bias, which was not meant to be shared"
  package let lesson =
    "A layer that is told to share its weights may share all of them. The encoder's bias has "
    + "one element for each hidden unit; it fits the decoder's outputs only where the kernel is "
    + "square, and anywhere else this is an error of shape."
  package let source = "StackOverflow 59663963; keras#5060"
  package let convictor = Convictor.tie
  package let diagnosis = "bias-taken-along"
  package let explanation = FaultExplanation(
    tempting:
      "The answer that everybody copies passes the whole layer, and takes kernel and bias from "
      + "it.",
    formula:
      "the gradient of b also holds the decoder's column sums",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: Parameter("c", zeros))
      """,
    keras: """
      W, b = self.tied_to.weights                   # wrong: takes b along
      return keras.ops.matmul(h, keras.ops.transpose(W)) + b
      # right: a bias of its own, made in build()
      self.c = self.add_weight(shape=(features,), initializer="zeros")
      """,
    pytorch: """
      y = F.linear(h, encoder.weight.t(), encoder.bias)   # wrong
      y = F.linear(h, encoder.weight.t(), self.c)         # right; self.c = nn.Parameter(torch.zeros(n))
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (first, last) = try chain.tiedPair(for: id)
    let (encoder, decoder) = (chain.layers[first], chain.layers[last])
    guard let bias = encoder.biases.first, let own = decoder.biases.first, bias !== own,
      bias.count == own.count
    else {
      throw FaultNotApplicable(
        id, needs: "a pair with a bias each, of equal lengths",
        instead: "Choose equal widths, and do not share the biases.")
    }
    var twin = chain
    twin.layers[last].biases = [bias]
    return twin
  }
}
