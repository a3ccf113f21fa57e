import GSLKit
import GradientCheck
import TiedLayers

/// A flag that nobody reads.
package struct TieFlagIgnored: Fault {
  package let id = "tie-flag-ignored"
  package let summary =
    "the flag that asks for tied weights is read and dropped: the second layer has a random "
    + "kernel"
  package let lesson =
    "A configuration is a wish. After building a model, look at what is shared: count the "
    + "parameters, and ask whether the two layers hold the same one."
  package let source = "transformers#43207"
  package let convictor = Convictor.tie
  package let diagnosis = "not-tied"
  package let explanation = FaultExplanation(
    tempting:
      "The model runs and learns, often better: it has more parameters.",
    formula:
      "V = W^T today; after one step W - rate G_enc against V - rate G_dec",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      precondition(decoder.kernel.parameter === encoder.kernel.parameter)
      """,
    keras: """
      decoder = keras.layers.Dense(n)     # wrong: tied=True was never passed on
      decoder = TiedDense(encoder)        # right
      assert len(model.trainable_variables) == 3   # W, b, c
      """,
    pytorch: """
      config.tie_word_embeddings = True
      # wrong: a model class that never ties, whatever the flag says
      head.weight = embedding.weight               # right
      assert head.weight is embedding.weight
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withKernelsOfItsOwn(fault: id) { kernel in
      Kernel(
        kernel.parameter.name + "_own",
        RandomSource(seed: 59663963).matrix(rows: kernel.rows, columns: kernel.columns, -0.7, 0.7))
    }
  }
}
