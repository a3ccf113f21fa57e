import GSLKit
import TiedLayers

/// The sizes of the parts that a sum over samples is made of. What two uses contribute within one sample may
/// cancel, as two towers over nearly equal inputs do; the rounding of their sum is that of the parts.
final class SampleParts {
  private let objective: ChainObjective<Double>
  private lazy var sizes = Result { try measured() }

  init(_ objective: ChainObjective<Double>) { self.objective = objective }

  /// The sum over samples and uses of |contribution| to one element; 0 where it cannot be told.
  /// - Parameters:
  ///   - parameter: its place.
  ///   - element: in row order.
  func size(_ parameter: Int, _ element: Int) -> Double {
    guard let sizes = try? sizes.get(), element < sizes[parameter].count else { return 0 }
    return sizes[parameter][element]
  }

  private func measured() throws -> [[Double]] {
    var sizes = objective.parameters.map { [Double](repeating: 0, count: $0.count) }
    for s in 0..<objective.input.rows {
      guard let (alone, weight) = objective.sample(s) else { continue }
      for (use, claim) in zip(alone.uses, try alone.gradientsByUse()) {
        for (i, value) in (claim ?? []).enumerated() {
          sizes[use.parameter][i] += weight * abs(value)
        }
      }
    }
    return sizes
  }
}
