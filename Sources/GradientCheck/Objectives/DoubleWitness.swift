import GSLKit
import TiedLayers

/// Measures a Float model's claims on the same network in Double, at the very same numbers: a loss in
/// Float certifies two digits of a derivative, and misleads every difference quotient where several
/// corners lie closer to the point than its noise lets anyone look.
enum DoubleWitness {
  /// How far two losses of one network may be apart: rounding moves a Float loss by far less than that,
  /// relative to the larger of the two.
  private static let nearness = 0.05

  /// The objective with its losses in Double, where there is a twin in Double whose layers can be asked.
  static func witnessed(_ objective: any SummarizedObjective, _ options: CheckOptions) throws
    -> any SummarizedObjective
  {
    guard objective is any LayeredObjective,
      let twin = try twin(of: objective, options) as? any SummarizedObjective & LayeredObjective
    else { return objective }
    return try WitnessedObjective(accused: objective, witness: twin)
  }

  /// The same for the loss alone.
  static func lossWitnessed(_ objective: any Objective, _ options: CheckOptions) throws
    -> any Objective
  {
    guard let twin = try twin(of: objective, options) else { return objective }
    return LossWitnessedObjective(accused: objective, witness: twin)
  }

  private static func twin(of objective: any Objective, _ options: CheckOptions) throws
    -> (any Objective)?
  {
    guard options.measuresInDouble, let twin = objective.doubleTwin(),
      twin.parameters.map(\.shape) == objective.parameters.map(\.shape)
    else { return nil }
    let (own, double) = (try objective.value(), try twin.value())
    return abs(own - double) <= nearness * max(abs(own), abs(double)) ? twin : nil
  }

  /// What a report says about whose losses were measured; nil where the model is in Double.
  /// - Parameters:
  ///   - accused: makes the claims; `measured` is the objective that was measured.
  static func remark(_ accused: any Objective, measured: any Objective, _ options: CheckOptions)
    -> Remark?
  {
    guard accused.parameters.contains(where: { $0.unitRoundoff > Double.unitRoundoff }) else {
      return nil
    }
    if measured is WitnessedObjective {
      return Remark(
        about: "witness",
        sentence:
          "the gradient is claimed in Float, and the derivatives are measured on the same network in "
          + "Double at the very same numbers")
    }
    let why =
      options.measuresInDouble
      ? "the network cannot be made anew in Double, or its loss in Double is another one"
      : "as asked"
    return Remark(
      about: "witness",
      sentence:
        "the derivatives are measured on the loss in Float, whose rounding hides small errors (\(why))"
    )
  }
}

/// The claims of one objective against the loss of its twin in Double.
private final class LossWitnessedObjective: Objective {
  private let accused: any Objective
  private let witness: any Objective

  /// - Precondition: both have the same parameters, and the same values.
  init(accused: any Objective, witness: any Objective) {
    self.accused = accused
    self.witness = witness
  }

  var parameters: [any AnyParameter] { witness.parameters }
  var gradientUnitRoundoff: Double { accused.gradientUnitRoundoff }
  var claimsAtOnePoint: Bool { accused.claimsAtOnePoint }
  func value() throws -> Double { try witness.value() }

  func gradients() throws -> [[Double]?] {
    for (own, other) in zip(accused.parameters, parameters) { own.flat = other.flat }
    return try accused.gradients()
  }
}
