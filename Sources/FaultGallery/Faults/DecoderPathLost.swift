import GSLKit
import GradientCheck
import TiedLayers

/// The other one.
package struct DecoderPathLost: Fault {
  package let id = "decoder-path-lost"
  package let summary =
    "the contribution of the decoder to the shared kernel is left out"
  package let lesson =
    "Backpropagation written for an untied network computes a gradient for each layer. Tied, "
    + "the two belong to one kernel: the second must be transposed and added, not dropped."
  package let source = "StackOverflow 6607141"
  package let convictor = Convictor.gradient
  package let diagnosis = "missing-path"
  package let alike = ["detached-copy", "overwritten"]
  package let explanation = FaultExplanation(
    tempting:
      "The textbook formula has one gradient for each weight matrix, and there is only one "
      + "matrix.",
    formula:
      "claimed G_enc, true G = G_enc + G_dec^T",
    swift: AddingBothUses.swift,
    keras: AddingBothUses.keras,
    pytorch: AddingBothUses.pytorch)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .decoder, fault: id) { _, _ in nil }
  }
}
