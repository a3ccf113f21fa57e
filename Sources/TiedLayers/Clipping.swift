import Foundation

/// Gradient clipping by global norm around another optimizer: where the gradients of all parameters
/// together are longer than `norm`, they are shortened to it, as `clip_grad_norm_` of PyTorch does
/// (Pascanu, Mikolov & Bengio, arXiv 1211.5063).
///
/// The norm is over parameters, each once: a shared kernel has one gradient and enters once. Rows that
/// are fixed do not enter.
public final class Clipping: Optimizer {
  package let optimizer: any Optimizer
  package let norm: Double

  /// Shortens the gradients to `norm`, and lets `optimizer` step.
  /// - Precondition: `norm` is above 0.
  public init(_ optimizer: any Optimizer, norm: Double) {
    precondition(norm > 0, "a clipping norm of \(norm)")
    self.optimizer = optimizer
    self.norm = norm
  }

  /// Shortens the gradients where they are too long, and steps.
  /// - Throws: what the other optimizer throws.
  public func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) throws {
    var squares = 0.0
    for (parameter, gradient) in zip(parameters, gradients) {
      for g in parameter.moving(gradient) { squares += g * g }
    }
    let factor = min(1, norm / squares.squareRoot())
    try optimizer.step(
      parameters, factor < 1 ? gradients.map { $0.map { factor * $0 } } : gradients)
  }

  /// The other optimizer's state.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    optimizer.state(of: parameter)
  }

  /// The other optimizer's count.
  public var stateSlots: Int { optimizer.stateSlots }
}
