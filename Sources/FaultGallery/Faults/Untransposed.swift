import GSLKit
import GradientCheck
import TiedLayers

/// A square kernel hides a forgotten transpose.
package struct Untransposed: Fault {
  package let id = "untransposed"
  package let summary =
    "the contribution of the decoder is added to the kernel without transposing it"
  package let lesson =
    "The decoder's gradient has the shape of W^T. Where W is square it can be added as it is, "
    + "and no shape error says that it should not. Test with a kernel that is not square."
  package let source = "singa#111"
  package let convictor = Convictor.gradient
  package let diagnosis = "untransposed"
  package let explanation = FaultExplanation(
    tempting:
      "It runs, as long as the model is 5 -> 5.",
    formula:
      "claimed G_enc + G_dec, true G_enc + G_dec^T",
    swift: AddingBothUses.swift,
    keras: AddingBothUses.keras,
    pytorch: """
      dV = dy.t() @ h                # gradient of V = W^T, which is (out x in)
      W.grad = dW_enc + dV           # wrong: runs where W is square
      W.grad = dW_enc + dV.t()       # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (_, last) = try chain.tiedUses(for: id)
    let kernel = chain.layers[last.layer].kernels[last.slot]
    guard kernel.isTransposed else {
      throw FaultNotApplicable(id, needs: "a second use that is transposed")
    }
    guard kernel.rows == kernel.columns else {
      throw FaultNotApplicable(
        id, needs: "a square kernel: any other has the wrong shape untransposed",
        instead: "Choose equal widths.")
    }
    return try chain.withWrongBackward(of: .decoder, fault: id) { own, _ in
      own.rows == own.columns ? own.transposed : own
    }
  }
}
