import GSLKit
import GradientCheck
import TiedLayers

/// A sum that is summed once more.
public struct Doubled: Fault {
  public let id = "doubled"
  public let summary =
    "the gradient of the shared kernel, already summed over its uses, is counted for each use"
  public let lesson =
    "Somebody has to add the uses up, exactly once: the differentiation or the optimizer, not "
    + "both."
  public let source = "Optimisers.jl#193"
  public let convictor = Convictor.gradient
  public let diagnosis = "doubled"
  public let handout = Handout(
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

  public init() {}

  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .encoder, fault: id) { own, soFar in
      try own.combined(2, with: soFar, 1)
    }
  }
}
