import GSLKit
import GradientCheck
import TiedLayers

/// A clone where a tie was meant.
package struct Cloned: Fault {
  package let id = "cloned"
  package let summary =
    "the second layer is given a clone of the parameter instead of the parameter"
  package let lesson =
    "A clone has the values, the shape and often the name of its original, and none of its "
    + "future. Tying means to hold the same object."
  package let source = "transformers _tie_or_clone_weights"
  package let convictor = Convictor.tie
  package let diagnosis = "copied"
  package let alike = ["copied-once"]
  package let explanation = FaultExplanation(
    tempting:
      "Exporting or tracing a model with two names for one tensor is awkward, so somebody "
      + "clones it.",
    formula:
      "V = W^T today; after one step W - rate G_enc against V - rate G_dec",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      precondition(decoder.kernel.parameter === encoder.kernel.parameter)
      """,
    keras: """
      twin = keras.models.clone_model(encoder)   # wrong: fresh variables
      decoder = TiedDense(encoder)               # right: the encoder itself
      """,
    pytorch: """
      head.weight = nn.Parameter(embedding.weight.clone())   # wrong: two parameters
      head.weight = embedding.weight                         # right: one parameter, two names
      assert head.weight is embedding.weight
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withKernelsOfItsOwn(fault: id) { kernel in
      Kernel(
        kernel.parameter.copy(named: kernel.parameter.name + "_clone"),
        transposed: kernel.isTransposed)
    }
  }
}
