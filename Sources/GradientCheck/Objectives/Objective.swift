import GSLKit
import TiedLayers

/// What a checker checks: a number that depends on parameters, and what somebody claims its
/// gradient is.
///
/// `value()` and `gradients()` read the parameters' present values, every time. A checker changes
/// elements between calls and puts the saved values back.
public protocol Objective {
  /// Every parameter once, in a fixed order.
  var parameters: [any AnyParameter] { get }
  /// The loss at the present point. This is all that a finite difference is made of.
  func value() throws -> Double
  /// The claimed gradient at the present point: one list for each parameter, in row order; nil where
  /// none is claimed.
  func gradients() throws -> [[Double]?]
  /// What a training steps by; `gradients()` unless the model says otherwise.
  func trainingGradients() throws -> [[Double]?]
  /// The unit round-off of the arithmetic that the claimed gradient is computed in.
  var gradientUnitRoundoff: Double { get }
  /// The same loss in Double at the same point, sharing nothing with this objective; nil where there is
  /// none, or where the loss is in Double already.
  func doubleTwin() -> (any Objective)?
  /// Whether the claim is a list of numbers for the described point, and no function of the point: there is
  /// nothing to ask it at another point then.
  var claimsAtOnePoint: Bool { get }
}

extension Objective {
  /// The claimed gradient.
  public func trainingGradients() throws -> [[Double]?] { try gradients() }
  /// nil: there is none.
  public func doubleTwin() -> (any Objective)? { nil }
  /// false: the gradient is a function of the point.
  public var claimsAtOnePoint: Bool { false }
}

/// An objective that answers many points faster together than one by one.
package protocol BatchedObjective: Objective {
  /// The losses at points that differ from the present one in a single element of a parameter.
  /// - Parameter parameter: its place in `parameters`.
  func values(changing parameter: Int, _ points: [(entry: Int, point: Double)]) throws -> [Double]
}

extension Objective {
  /// The largest unit round-off of the parameters.
  public var gradientUnitRoundoff: Double {
    parameters.map(\.unitRoundoff).max() ?? Double.unitRoundoff
  }
}

extension Objective {
  /// The value with one element of one of its parameters changed; the saved element is put back.
  func value(changing parameter: any AnyParameter, entry: Int, to point: Double) throws -> Double {
    let saved = parameter[entry]
    defer { parameter[entry] = saved }
    parameter[entry] = point
    return try value()
  }
}
