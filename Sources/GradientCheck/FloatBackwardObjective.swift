import GSLKit
import TiedLayers

/// A Float network's backward pass against the Double losses of the same network.
///
/// Differences of a Float loss certify a derivative to a few digits only. The same layers in Double,
/// at the very same point (a Float is a Double exactly), are a far better witness of what the Float
/// backward pass should have said; what is left between them is the rounding of that pass.
public final class FloatBackwardObjective: SummarizedObjective {
  private let double: ChainObjective<Double>
  private let float: ChainObjective<Float>

  /// - Parameters:
  ///   - float: the accused. Its values become the point.
  ///   - double: the same layers and Parameters, in the same order, in Double.
  /// - Throws: `ShapeMismatch` if the two do not have the same parameters.
  public init(float: ChainObjective<Float>, witness double: ChainObjective<Double>) throws {
    self.float = float
    self.double = double
    let (own, other) = (float.parameters, double.parameters)
    guard own.map(\.shape) == other.map(\.shape) else {
      throw ShapeMismatch(
        operation: "Float network against its Double witness",
        given: other.map(\.description).joined(separator: ", "),
        expected: own.map(\.description).joined(separator: ", "))
    }
    for (own, other) in zip(own, other) { other.flat = own.flat }
  }

  public var parameters: [any AnyParameter] { double.parameters }
  public func value() throws -> Double { try double.value() }

  public var gradientUnitRoundoff: Double { Float.unitRoundoff }

  public func gradients() throws -> [[Double]?] {
    synchronize()
    return try float.gradients()
  }

  public func gradientsByUse() throws -> [[Double]?] {
    synchronize()
    return try float.gradientsByUse()
  }

  private func synchronize() {
    for (own, other) in zip(float.parameters, double.parameters) { own.flat = other.flat }
  }

  public var uses: [Use] { double.uses }
  public var layerNames: [String] { double.layerNames }
  public var batch: Int { double.batch }
  public var lossName: String { double.lossName }
  public var hasEqualSamples: Bool { double.hasEqualSamples }
  public func summary() throws -> ModelSummary { try double.summary() }
  public func pathFunction(_ use: Use) throws -> PathFunction { try double.pathFunction(use) }
  public func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    try double.layerFunction(layer)
  }
  public func layerFunction(_ use: Use) throws -> (PathChange?) throws -> [Double] {
    try double.layerFunction(use)
  }
  public func untiedTwin() -> (any PathObjective)? { double.untiedTwin() }
  public func images(of parameter: Int) -> KernelImages? { double.images(of: parameter) }
  public func values(of use: Use) -> [Double] { double.values(of: use) }
  public func setValues(_ values: [Double], of use: Use) { double.setValues(values, of: use) }
}
