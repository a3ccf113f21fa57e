import GSLKit
import GradientCheck
import TiedLayers

/// A regulariser that is counted once for each use.
package struct RegulariserPerUse: Fault {
  package let id = "regulariser-per-use"
  package let summary =
    "the gradient holds the regulariser of the shared kernel once for each use, the loss holds "
    + "it once"
  package let lesson =
    "Regularisers hang on layers in most frameworks, and a shared kernel has two layers. "
    + "Regularise parameters, each once."
  package let source = "keras#8807"
  package let convictor = Convictor.gradient
  package let diagnosis = "regulariser-per-use"
  package let explanation = FaultExplanation(
    tempting:
      "Each layer adds up the regularisers of its own weights, and the totals are added.",
    formula:
      "claimed G + (k - 1) lambda W for k uses, true G, which holds lambda W once",
    swift: """
      let penalty = WeightPenalty(strength: lambda, of: chain)   // chain.parameters: each once
      """,
    keras: """
      keras.layers.Dense(n, kernel_regularizer="l2")      # on one of the layers only
      # wrong: the tied layer calls self.add_loss(l2(self.tied_to.kernel)) as well
      """,
    pytorch: """
      l2 = sum((p ** 2).sum() for p in model.parameters())            # right: each once
      l2 = sum((m.weight ** 2).sum() for m in (encoder, decoder))     # wrong: W twice
      """)

  package init() {}

  package func right<S: Scalar>(_ network: Network<S>) throws -> Network<S> {
    var twin = network
    twin.penalty = WeightPenalty(strength: 0.05, of: network.chain)
    return twin
  }

  package func wrong<S: Scalar>(_ network: Network<S>) throws -> Network<S> {
    _ = try network.chain.tiedPair(for: id)
    var twin = network
    twin.penalty = PenaltyPerUse(
      right: WeightPenalty(strength: 0.05, of: network.chain), chain: network.chain)
    return twin
  }
}

/// Counts once in the loss, and in the gradient once for each use of a kernel.
private struct PenaltyPerUse<S: Scalar>: LossTerm {
  let right: WeightPenalty<S>
  let chain: Chain<S>

  var name: String { right.name }
  var parameters: [Parameter<S>] { right.parameters }
  func value() -> S { right.value() }

  func addGradients(to gradients: inout Gradients<S>) throws {
    for parameter in parameters {
      let uses = chain.layers.reduce(0) { sum, layer in
        sum + layer.slots.count { $0.parameter === parameter }
      }
      try gradients.add(
        parameter.values.combined(right.strength * S(uses), with: parameter.values, 0),
        to: parameter)
    }
  }
}
