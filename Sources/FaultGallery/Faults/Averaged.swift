import GSLKit
import GradientCheck
import TiedLayers

/// A mean where a sum belongs.
package struct Averaged: Fault {
  package let id = "averaged"
  package let summary =
    "the contributions of the two uses are averaged instead of added"
  package let lesson =
    "The derivative of a function that reads W twice is the sum of the two partial derivatives, "
    + "not their mean. With plain gradient descent the mistake looks like half the learning rate, "
    + "and nobody notices."
  package let source = "datascience.SE 26755"
  package let convictor = Convictor.gradient
  package let diagnosis = "averaged"
  package let explanation = FaultExplanation(
    tempting:
      "Averaging sounds fair, and keeps the size of the step the same.",
    formula:
      "claimed (G_enc + G_dec^T) / 2, true G_enc + G_dec^T",
    swift: AddingBothUses.swift,
    keras: AddingBothUses.keras,
    pytorch: AddingBothUses.pytorch)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (first, _) = try chain.tiedUses(for: id)
    let kernel = chain.layers[first.layer].kernels[first.slot].parameter
    let uses = chain.layers.reduce(0) { $0 + $1.slots.count { $0.parameter === kernel } }
    let share = 1 / S(uses)
    return try chain.withWrongBackward(of: .encoder, fault: id) { own, soFar in
      try own.combined(share, with: soFar, share - 1)
    }
  }
}
