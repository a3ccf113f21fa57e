import GSLKit
import GradientCheck
import TiedLayers

/// A kernel that only begins as the transpose of another.
package struct CopiedOnce: Fault {
  package let id = "copied-once"
  package let summary =
    "the second kernel is initialised with the transpose of the first, and is its own ever "
    + "after"
  package let lesson =
    "Equal values are not a tie. Both gradients are right, each for its own kernel, and the "
    + "first update moves the two apart. Ask for the identity of the parameter, not for its "
    + "values."
  package let source = "mead-baseline#397 and many tutorials"
  package let convictor = Convictor.tie
  package let diagnosis = "copied"
  package let alike = ["cloned"]
  package let explanation = FaultExplanation(
    tempting:
      "At the first step everything agrees, and comparing values once is the obvious test.",
    formula:
      "V = W^T today; after one step W - rate G_enc against V - rate G_dec",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      precondition(decoder.kernel.parameter === encoder.kernel.parameter)
      """,
    keras: """
      decoder.set_weights([encoder.get_weights()[0].T, c])   # wrong: equal today
      decoder = TiedDense(encoder)                           # right: reads encoder.kernel
      """,
    pytorch: """
      decoder.weight.data = encoder.weight.data.t().clone()   # wrong: equal today
      y = F.linear(h, encoder.weight.t(), c)                  # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withKernelsOfItsOwn(fault: id) { kernel in
      Kernel(kernel.parameter.name + "_copy", kernel.parameter.values.oriented(kernel.isTransposed))
    }
  }
}
