import GSLKit
import TiedLayers

/// The gradient that one model claims against the losses of another: the accused has no say in what its
/// gradient is measured against.
///
/// For a Float network, whose own losses certify a derivative to a few digits only: the same layers in
/// Double, at the very same point (a Float is a Double exactly), say far better what the Float backward
/// pass should have claimed; what is left is the rounding of that pass. And for a student's backward
/// pass: a right model with the same parameters says what it should have claimed.
public final class WitnessedObjective: SummarizedObjective, LayeredObjective {
  private let accused: any Objective
  private let witness: any SummarizedObjective & LayeredObjective

  /// - Parameters:
  ///   - accused: claims the gradients. Its values become the point.
  ///   - witness: says what the loss is; the same parameters in the same order.
  /// - Throws: `ShapeMismatch` if the two do not have the same parameters.
  public init(
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

  public var parameters: [any AnyParameter] { witness.parameters }
  public func value() throws -> Double { try witness.value() }

  public var gradientUnitRoundoff: Double { accused.gradientUnitRoundoff }

  public func gradients() throws -> [[Double]?] {
    synchronize()
    return try accused.gradients()
  }

  public var claimsByUse: Bool { (accused as? any PathObjective)?.claimsByUse ?? false }
  public func gradientsByUse() throws -> [[Double]?] {
    guard let accused = accused as? any PathObjective else { return uses.map { _ in nil } }
    synchronize()
    return try accused.gradientsByUse()
  }

  private func synchronize() {
    for (own, other) in zip(accused.parameters, witness.parameters) { own.flat = other.flat }
  }

  public var uses: [Use] { witness.uses }
  public var layerNames: [String] { witness.layerNames }
  public var batch: Int { witness.batch }
  public var lossName: String { witness.lossName }
  public var hasEqualSamples: Bool { witness.hasEqualSamples }
  public func summary() throws -> ModelSummary { try witness.summary() }
  public func pathFunction(_ use: Use) throws -> PathFunction { try witness.pathFunction(use) }
  public func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    try witness.layerFunction(layer)
  }
  public func layerFunction(_ use: Use) throws -> (PathChange?) throws -> [Double] {
    try witness.layerFunction(use)
  }
  public func reaches(_ use: Use) throws -> Bool { try witness.reaches(use) }
  public func images(of parameter: Int) -> KernelImages? { witness.images(of: parameter) }
  public func untiedTwin() -> (any LayeredObjective)? { witness.untiedTwin() }
  public func values(of use: Use) -> [Double] { witness.values(of: use) }
  public func setValues(_ values: [Double], of use: Use) { witness.setValues(values, of: use) }
}
