import GSLKit
import GradientCheck
import TiedLayers

/// Parts of a shared gradient that are summed over devices, and parts that are not.
package struct ShardedPartial: Fault {
  package let id = "sharded-partial"
  package let summary =
    "of four devices the encoder's contribution is averaged over them, and the decoder's summed"
  package let lesson =
    "On several devices a shared kernel's gradient is a sum over uses and a mean over devices. Whoever adds "
    + "the uses before the one reduction and after the other gives each use a factor of its own: no "
    + "learning rate can put that right. Add the uses first, and reduce once."
  package let source = "Megatron-LM#844"
  package let convictor = Convictor.gradient
  package let diagnosis = "scaled-path"
  package let explanation = FaultExplanation(
    tempting:
      "First and last stage of a pipeline hold the kernel on different devices, and each reduces its own.",
    formula:
      "claimed G_enc / 4 + 4 G_dec^T, true G_enc + G_dec^T",
    swift: """
      var sum = Gradients<Double>()          // both uses into one sum,
      for part in parts { sum.add(part) }    // and then one mean over the devices
      """,
    keras: """
      grads = [g_enc + g_dec]                          # right: one gradient for each variable,
      replica_context.all_reduce("mean", grads)        # reduced once
      """,
    pytorch: """
      dist.all_reduce(g_enc, op=dist.ReduceOp.AVG)   # wrong: two reductions,
      dist.all_reduce(g_dec, op=dist.ReduceOp.SUM)   # of two kinds
      dist.all_reduce(W.grad, op=dist.ReduceOp.AVG)  # right: W.grad holds both uses
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .decoder, fault: id) { own, _ in
      try own.combined(4, with: own, 0)
    }.withWrongBackward(of: .encoder, fault: id) { own, _ in
      try own.combined(0.25, with: own, 0)
    }
  }
}
