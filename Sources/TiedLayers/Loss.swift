import GSLKit

/// A loss of a batch: one number.
public enum Loss: String, Codable, Sendable, CaseIterable {
  /// The mean over all elements of (y - t)^2.
  case meanSquaredError = "mean_squared_error"
  /// The mean over all elements of -t log y - (1 - t) log(1 - y), y in [0, 1]. After a sigmoid it is
  /// computed from the logits.
  case binaryCrossEntropy = "binary_cross_entropy"
  /// The mean over rows of -sum_j t_j log softmax(y)_j: the output is taken as logits.
  case softmaxCrossEntropy = "softmax_cross_entropy"
  /// The mean over all elements of (1 - t) D^2 / 2 + t max(0, margin - D)^2 / 2 with margin 1, where
  /// D >= 0 is the distance of a pair and t is 0 for a pair that should be close, 1 for one that should
  /// not (Hadsell, Chopra & LeCun, CVPR 2006, equation 4). Its slope is continuous at the margin, its
  /// curvature is not. Another margin m is another unit of length: L(D; m) = m^2 L(D / m; 1).
  case contrastive

  /// The activation that this loss prefers to undo: it is then computed from the logits.
  public var fusedActivation: ElementwiseFunction? {
    self == .binaryCrossEntropy ? .sigmoid : nil
  }

  /// The loss of a batch.
  /// - Parameters:
  ///   - output: batch x outputs.
  ///   - target: the same shape.
  ///   - areLogits: whether `output` is what stands before `fusedActivation`.
  public func value<S: Scalar>(
    _ output: Matrix<S>, target: Matrix<S>, areLogits: Bool = false
  ) throws -> S {
    try target.requireShape(of: output, operation: "\(self) against its target")
    if let domain = LossDomainError.Domain(of: self, areLogits: areLogits),
      let value = output.elements.first(where: { !domain.contains($0.asDouble) })
    {
      throw LossDomainError(domain: domain, value: Double(value))
    }
    let count = output.elements.count
    let sum = output.elements.withUnsafeBufferPointer { y -> S in
      target.elements.withUnsafeBufferPointer { t -> S in
        guard let y = y.baseAddress, let t = t.baseAddress else { return 0 }
        return switch self {
        case .meanSquaredError: S.sumOfSquaredDifferences(y, t, count)
        case .binaryCrossEntropy:
          areLogits
            ? S.sumOfLogisticLosses(logits: y, t, count)
            : S.sumOfBernoulliLosses(probabilities: y, t, count)
        case .softmaxCrossEntropy:
          S.sumOfSoftmaxLosses(logits: y, t, output.rows, output.columns)
        case .contrastive: Self.sumOfContrastiveLosses(distances: y, t, count)
        }
      }
    }
    return sum / S(terms(of: output))
  }

  /// The derivative of the loss by its first argument, batch x outputs.
  public func cotangent<S: Scalar>(
    _ output: Matrix<S>, target: Matrix<S>, areLogits: Bool = false
  ) throws -> Matrix<S> {
    try target.requireShape(of: output, operation: "\(self) against its target")
    let scale = 1 / S(terms(of: output))
    var result = output
    switch self {
    case .meanSquaredError:
      try result.add(target, scaledBy: -1)
      for i in result.elements.indices { result.elements[i] *= 2 * scale }
    case .binaryCrossEntropy where areLogits:
      // sigmoid(a) - t, which for a confident right answer is a difference of two ones.
      var opposite = Matrix<S>(rows: output.rows, columns: output.columns)
      try opposite.add(output, scaledBy: -1)
      opposite.apply(.sigmoid)
      result.apply(.sigmoid)
      for i in result.elements.indices {
        let t = target.elements[i]
        result.elements[i] = ((1 - t) * result.elements[i] - t * opposite.elements[i]) * scale
      }
    case .binaryCrossEntropy:
      for i in result.elements.indices {
        let (y, t) = (output.elements[i], target.elements[i])
        result.elements[i] = ((t == 1 ? 0 : (1 - t) / (1 - y)) - (t == 0 ? 0 : t / y)) * scale
      }
    case .softmaxCrossEntropy:
      // d/da_j of sum_k t_k (logsumexp(a) - a_k) = (sum_k t_k) softmax(a)_j - t_j.
      result.softmaxRows()
      for i in 0..<result.rows {
        var total: S = 0
        for j in 0..<result.columns { total += target[i, j] }
        for j in 0..<result.columns {
          result[i, j] = (total * result[i, j] - target[i, j]) * scale
        }
      }
    case .contrastive:
      for i in result.elements.indices {
        let (d, t) = (output.elements[i], target.elements[i])
        result.elements[i] = ((1 - t) * d - (d >= 1 ? 0 : t * (1 - d))) * scale
      }
    }
    return result
  }

  /// One number for each pair: few enough for a plain loop.
  private static func sumOfContrastiveLosses<S: Scalar>(
    distances: UnsafePointer<S>, _ t: UnsafePointer<S>, _ count: Int
  ) -> S {
    var sum = CompensatedSum<S>()
    for i in 0..<count {
      let d = distances[i]
      sum.add((1 - t[i]) * d * d / 2)
      // Not max(0, 1 - d): that would hide a NaN.
      if !(d >= 1) { sum.add(t[i] * (1 - d) * (1 - d) / 2) }
    }
    return sum.value
  }

  /// What the sum of the terms is divided by.
  private func terms<S>(of output: Matrix<S>) -> Int {
    self == .softmaxCrossEntropy ? output.rows : output.elements.count
  }
}

/// A loss was given an output that it is not defined for.
public struct LossDomainError: Error, Equatable, CustomStringConvertible {
  /// What a loss can take.
  public enum Domain: Sendable {
    /// Numbers from 0 to 1.
    case probabilities
    /// Numbers of at least 0.
    case distances

    init?(of loss: Loss, areLogits: Bool) {
      switch loss {
      case .binaryCrossEntropy where !areLogits: self = .probabilities
      case .contrastive: self = .distances
      default: return nil
      }
    }

    /// A NaN is left to pass: it comes out of the loss.
    func contains(_ value: Double) -> Bool {
      switch self {
      case .probabilities: !(value < 0 || value > 1)
      case .distances: !(value < 0)
      }
    }
  }

  /// What the loss can take.
  public let domain: Domain
  /// The output that was given.
  public let value: Double

  /// What was given and what was expected.
  public var description: String {
    switch domain {
    case .probabilities:
      "binary cross-entropy: got an output of \(value), expected probabilities in [0, 1]. "
        + "End the network in a sigmoid, or use the mean squared error."
    case .distances:
      "contrastive loss: got an output of \(value), expected distances, which are never negative. "
        + "End the network in a distance of the two halves of a pair, or use the mean squared error."
    }
  }
}
