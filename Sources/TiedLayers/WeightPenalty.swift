import GSLKit

/// A term of the loss that reads parameters and no data, such as a regulariser. To a kernel it is one
/// more use: its gradient is the sum of what the layers and the terms contribute.
public protocol LossTerm<S> {
  associatedtype S: Scalar

  /// What reports call it; unlike the layers' names.
  var name: String { get }
  /// Each Parameter that the term reads, once.
  var parameters: [Parameter<S>] { get }
  /// The value of the term.
  func value() -> S
  /// Adds the derivative of the term by each of its Parameters.
  func addGradients(to gradients: inout Gradients<S>) throws
}

/// L2 regularisation: strength / 2 times the sum of the squares of each kernel, counted once
/// however many layers use it.
public struct WeightPenalty<S: Scalar>: LossTerm {
  /// "weight_penalty".
  public let name = "weight_penalty"
  /// The factor.
  public let strength: S
  /// The kernels that are penalised, each once.
  public let parameters: [Parameter<S>]

  /// - Parameters:
  ///   - strength: the factor.
  ///   - chain: its kernels are penalised, each once; its biases are not.
  public init(strength: S, of chain: Chain<S>) {
    self.strength = strength
    parameters = chain.parameters.filter { $0.shape.count == 2 }
  }

  /// strength / 2 times the sum of the squares.
  public func value() -> S {
    var sum = CompensatedSum<S>()
    for parameter in parameters {
      for w in parameter.values.elements { sum.add(w * w) }
    }
    return strength / 2 * sum.value
  }

  /// Adds strength times the kernel to the gradient of each kernel.
  public func addGradients(to gradients: inout Gradients<S>) throws {
    for parameter in parameters {
      var contribution = Matrix<S>(
        rows: parameter.values.rows, columns: parameter.values.columns)
      try contribution.add(parameter.values, scaledBy: strength)
      try gradients.add(contribution, to: parameter)
    }
  }
}
