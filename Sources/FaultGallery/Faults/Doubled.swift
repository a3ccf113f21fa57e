import GSLKit
import GradientCheck
import TiedLayers

/// A sum that is summed once more.
package struct Doubled: Fault {
  package let id = "doubled"
  package let summary =
    "the gradient of the shared kernel, already summed over its uses, is counted for each use"
  package let lesson =
    "Somebody has to add the uses up, exactly once: the differentiation or the optimizer, not "
    + "both."
  package let source = "Optimisers.jl#193"
  package let convictor = Convictor.gradient
  package let diagnosis = "doubled"
  package let explanation = FaultExplanation(
    tempting:
      "A tree of parameters shows the kernel twice, each time with its full gradient, and the "
      + "tree is summed.",
    formula:
      "claimed 2 G, true G",
    swift: """
      for parameter in chain.parameters { … }   // each once, by identity
      """,
    keras: AddingBothUses.keras,
    pytorch: """
      g = {}
      for p in model.parameters():   # right: yields a shared parameter once
        g[p] = p.grad
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .encoder, fault: id) { own, soFar in
      try own.combined(2, with: soFar, 1)
    }
  }
}
