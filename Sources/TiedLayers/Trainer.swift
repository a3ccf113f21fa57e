import GSLKit

/// What one layer contributed to the gradients of a batch; where it uses a Parameter several times, by
/// one of those uses.
public struct LayerContribution: Sendable {
  /// The layer, by name.
  public let layer: String
  /// One list for each parameter, in row order; nil where it is not used.
  public let gradients: [[Double]?]

  /// What a layer contributed.
  /// - Parameters:
  ///   - layer: the layer's name.
  ///   - gradients: one list for each parameter, in row order; nil where it is not used.
  public init(layer: String, gradients: [[Double]?]) {
    self.layer = layer
    self.gradients = gradients
  }
}

/// Turns what the layers contributed for one batch into new parameter values.
///
/// There is one right way, `OptimizerTrainer`: add the contributions up, step once. The gallery's
/// wrong ways step once for each layer, or keep a state for each use.
public protocol Trainer: AnyObject {
  /// One update.
  /// - Parameter parameters: each Parameter once.
  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws
  /// The optimizer's state for a parameter.
  func state(of parameter: any AnyParameter) -> [String: [Double]]
  /// For how many Parameters state is kept.
  var stateSlots: Int { get }
  /// Whether it steps by the contributions that it is given. One that computes its own gradients, in
  /// another process, does not.
  var takesContributions: Bool { get }
  /// Whether `stateSlots` is known.
  var countsStates: Bool { get }
}

extension Trainer {
  /// true.
  public var takesContributions: Bool { true }
  /// true.
  public var countsStates: Bool { true }
}

/// Adds all contributions and lets an optimizer step once.
public final class OptimizerTrainer: Trainer {
  /// What steps.
  public let optimizer: any Optimizer

  /// Trains with that optimizer.
  public init(_ optimizer: any Optimizer) { self.optimizer = optimizer }

  /// Adds up what the layers contributed, and steps once.
  /// - Throws: `ShapeMismatch` for a contribution of another shape.
  public func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    try optimizer.step(parameters, sum(of: contributions, for: parameters))
  }

  /// The optimizer's state for a parameter.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    optimizer.state(of: parameter)
  }

  /// For how many Parameters the optimizer keeps state.
  public var stateSlots: Int { optimizer.stateSlots }
}

/// The gradient of each parameter: what all layers contributed, added in their order.
/// - Throws: `ShapeMismatch` for a contribution of another shape.
package func sum(
  of contributions: [LayerContribution], for parameters: [any AnyParameter]
) throws -> [[Double]] {
  var total = parameters.map { [Double](repeating: 0, count: $0.count) }
  for contribution in contributions {
    guard contribution.gradients.count == parameters.count else {
      throw ShapeMismatch(
        operation: "contribution of \(contribution.layer)",
        given: "\(contribution.gradients.count) gradients",
        expected: "\(parameters.count), one for each parameter")
    }
    for p in total.indices {
      guard let gradient = contribution.gradients[p] else { continue }
      guard gradient.count == parameters[p].count else {
        throw ShapeMismatch(
          operation: "contribution of \(contribution.layer) to \(parameters[p])",
          given: "\(gradient.count) elements", expected: "\(parameters[p].count)")
      }
      for i in total[p].indices { total[p][i] += gradient[i] }
    }
  }
  return total
}
