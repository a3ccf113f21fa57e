import GSLKit
import TiedLayers

/// The gradient that one model claims against the losses of another: the accused has no say in what its
/// gradient is measured against.
///
/// For a Float network, whose own losses certify a derivative to a few digits only: the same layers in
/// Double, at the very same point (a Float is a Double exactly), say far better what the Float backward
/// pass should have claimed; what is left is the rounding of that pass. And for a student's backward
/// pass: a right model with the same parameters says what it should have claimed.
package final class WitnessedObjective: SummarizedObjective, LayeredObjective {
  private let accused: any Objective
  let witness: any SummarizedObjective & LayeredObjective

  /// - Parameters:
  ///   - accused: claims the gradients. Its values become the point.
  ///   - witness: says what the loss is; the same parameters in the same order.
  /// - Throws: `ShapeMismatch` if the two do not have the same parameters.
  package init(
    accused: any Objective, witness: any SummarizedObjective & LayeredObjective
  ) throws {
    self.accused = accused
    self.witness = witness
    let (own, other) = (accused.parameters, witness.parameters)
    guard own.map(\.shape) == other.map(\.shape) else {
      throw ShapeMismatch(
        operation: "model against its witness",
        given: own.map(\.description).joined(separator: ", "),
        expected: other.map(\.description).joined(separator: ", "))
    }
    for (own, other) in zip(own, other) { other.flat = own.flat }
  }

  package var parameters: [any AnyParameter] { witness.parameters }
  package func value() throws -> Double { try witness.value() }

  package var gradientUnitRoundoff: Double { accused.gradientUnitRoundoff }
  package var claimsAtOnePoint: Bool { accused.claimsAtOnePoint }

  package func gradients() throws -> [[Double]?] {
    synchronize()
    return try accused.gradients()
  }

  package var claimsByUse: Bool { (accused as? any PathObjective)?.claimsByUse ?? false }
  package var claimsByUseAreSeparate: Bool {
    (accused as? any PathObjective)?.claimsByUseAreSeparate ?? false
  }
  package func gradientsByUse() throws -> [[Double]?] {
    guard let accused = accused as? any PathObjective else { return uses.map { _ in nil } }
    synchronize()
    return try accused.gradientsByUse()
  }

  private func synchronize() {
    for (own, other) in zip(accused.parameters, witness.parameters) { own.flat = other.flat }
  }

  package var uses: [Use] { witness.uses }
  package var layerNames: [String] { witness.layerNames }
  package var batch: Int { witness.batch }
  package var outputs: Int? { witness.outputs }
  package var lossName: String { witness.lossName }
  package var hasEqualSamples: Bool { witness.hasEqualSamples }
  package func summary() throws -> ModelSummary { try witness.summary() }
  package func pathFunction(_ use: Use) throws -> PathFunction { try witness.pathFunction(use) }
  package func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    try witness.layerFunction(layer)
  }
  package func layerFunction(_ use: Use) throws -> (PathChange?) throws -> [Double] {
    try witness.layerFunction(use)
  }
  package func reaches(_ use: Use) throws -> Bool { try witness.reaches(use) }
  package func images(of parameter: Int) -> KernelImages? { witness.images(of: parameter) }
  package func untiedTwin() -> (any LayeredObjective)? { witness.untiedTwin() }
  package func values(of use: Use) -> [Double] { witness.values(of: use) }
  package func setValues(_ values: [Double], of use: Use) { witness.setValues(values, of: use) }
}

extension ChainObjective {
  /// This model's loss, with the gradient that another model claims: the other model has no say in what
  /// its gradient is compared with. A student's backward pass is checked so, against a right model.
  /// - Parameter claimant: has parameters of the same shapes in the same order. Its values become
  ///   the point at which the gradient is checked.
  /// - Throws: `ShapeMismatch` if the two do not have the same parameters.
  public func withGradient(of claimant: any Objective) throws -> any SummarizedObjective {
    try WitnessedObjective(accused: claimant, witness: self)
  }
}
