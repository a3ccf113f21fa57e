import GSLKit
import GradientCheck
import TiedLayers

/// A mean where a sum belongs.
public struct Averaged: Fault {
  public let id = "averaged"
  public let summary =
    "the contributions of the two uses are averaged instead of added"
  public let lesson =
    "The derivative of a function that reads W twice is the sum of the two partial derivatives, "
    + "not their mean. With plain gradient descent the mistake looks like half the learning rate, "
    + "and nobody notices."
  public let source = "datascience.SE 26755"
  public let convictor = Convictor.gradient
  public let diagnosis = "averaged"
  public let handout = Handout(
    tempting:
      "Averaging sounds fair, and keeps the size of the step the same.",
    formula:
      "claimed (G_enc + G_dec^T) / 2, true G_enc + G_dec^T",
    swift: AddingBothUses.swift,
    keras: AddingBothUses.keras,
    pytorch: AddingBothUses.pytorch)

  public init() {}

  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withWrongBackward(of: .encoder, fault: id) { own, soFar in
      try own.combined(0.5, with: soFar, -0.5)
    }
  }
}
