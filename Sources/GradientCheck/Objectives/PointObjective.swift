import GSLKit
import TiedLayers

/// A loss and its gradient as plain functions of a list of numbers, or of a matrix as nested rows.
public final class PointObjective<S: Scalar>: Objective {
  private let parameter: Parameter<S>
  private let loss: () throws -> S
  private let gradient: () throws -> [S]
  /// Whether the gradient was given as a list of numbers.
  public private(set) var claimsAtOnePoint = false

  /// - Parameters:
  ///   - x: the point.
  ///   - loss: a function of a list as long as `x`.
  ///   - gradient: what is claimed to be its gradient, a list as long as `x`.
  public init(
    at x: [S], named name: String = "x", loss: @escaping ([S]) throws -> S,
    gradient: @escaping ([S]) throws -> [S]
  ) {
    let parameter = Parameter(name, x)
    self.parameter = parameter
    self.loss = { try loss(parameter.values.elements) }
    self.gradient = { try gradient(parameter.values.elements) }
  }

  /// - Parameter gradient: what is claimed to be the gradient at `x`.
  package convenience init(
    at x: [S], loss: @escaping ([S]) throws -> S, gradientThere gradient: [S]
  ) {
    self.init(at: x, loss: loss, gradient: { _ in gradient })
    claimsAtOnePoint = true
  }

  /// - Parameter gradient: what is claimed to be the gradient at `x`.
  /// - Throws: `ShapeMismatch` where the rows of `x` differ in length.
  package convenience init(
    at x: [[S]], loss: @escaping ([[S]]) throws -> S, gradientThere gradient: [[S]]
  ) throws {
    try self.init(at: x, loss: loss, gradient: { _ in gradient })
    claimsAtOnePoint = true
  }

  /// - Parameters:
  ///   - x: the point, rows x columns.
  ///   - loss: a function of rows as many and as long as those of `x`.
  ///   - gradient: what is claimed to be its gradient, of the same shape.
  /// - Throws: `ShapeMismatch` where the rows of `x` differ in length. `gradients()` throws one where
  ///   those of the gradient do, or where it has another shape.
  public init(
    at x: [[S]], named name: String = "x", loss: @escaping ([[S]]) throws -> S,
    gradient: @escaping ([[S]]) throws -> [[S]]
  ) throws {
    let parameter = Parameter(name, try Matrix(x))
    self.parameter = parameter
    self.loss = { try loss(parameter.values.nested) }
    self.gradient = {
      let claimed = try Matrix(gradient(parameter.values.nested))
      try parameter.values.requireShape(of: claimed, operation: "the gradient claimed for \(name)")
      return claimed.elements
    }
  }

  /// The one point.
  public var parameters: [any AnyParameter] { [parameter] }
  /// The loss at the point.
  public func value() throws -> Double { Double(try loss()) }
  /// The claimed gradient at the point.
  public func gradients() throws -> [[Double]?] { [try gradient().map { Double($0) }] }
}

/// The usual precision. The name says it, so that a point of whole numbers, [1, 2], is one of Doubles.
public typealias FunctionObjective = PointObjective<Double>
