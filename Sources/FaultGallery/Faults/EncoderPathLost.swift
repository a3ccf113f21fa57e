import GSLKit
import GradientCheck
import TiedLayers

/// One of the two contributions is left out: the encoder's.
package struct EncoderPathLost: Fault {
  package let id = "encoder-path-lost"
  package let summary =
    "the contribution of the encoder to the shared kernel is left out"
  package let lesson =
    "A shared kernel is used twice, and the chain rule has one term for each use. Derive the "
    + "gradient use by use, then add."
  package let source = "torch7-distro#156; nn#613"
  package let convictor = Convictor.gradient
  package let diagnosis = "missing-path"
  package let alike = ["delayed-overwritten"]
  package let explanation = FaultExplanation(
    tempting:
      "In a derivation by hand the hidden layer is easily taken as given, and then W appears in "
      + "y = h W^T only.",
    formula:
      "claimed G_dec^T, true G = G_enc + G_dec^T",
    swift: AddingBothUses.swift,
    keras: """
      h = keras.ops.stop_gradient(encoder(x))   # wrong here: cuts the encoder off
      h = encoder(x)                            # right
      """,
    pytorch: """
      h = encoder(x).detach()   # wrong here: cuts the encoder off
      h = encoder(x)            # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .encoder, fault: id) { _, _ in nil }
  }
}
