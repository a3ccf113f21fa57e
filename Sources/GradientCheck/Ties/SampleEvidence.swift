import Foundation
import GSLKit
import TiedLayers

/// An objective whose loss is a sum over samples.
package protocol SampledObjective: Objective {
  /// The samples' terms of the loss, which add up to it but for terms that read no data.
  func sampleValues() throws -> [Double]
  /// The objective of one sample alone, on the same parameters, and what its loss is multiplied with in
  /// the loss; nil where there is no such thing.
  func sample(_ index: Int) -> (objective: any PathObjective, weight: Double)?
}

extension SampledObjective {
  package func sample(_ index: Int) -> (objective: any PathObjective, weight: Double)? { nil }
}

extension ChainObjective: SampledObjective {
  package func sampleValues() throws -> [Double] {
    try network.sampleValues(input, target: target).map { Double($0) }
  }

  package func sample(_ index: Int) -> (objective: any PathObjective, weight: Double)? {
    let alone = ChainObjective(network, input: input.row(index), target: target.row(index))
    return (alone, 1 / Double(input.rows))
  }
}

/// The gradient of one parameter taken apart by samples: evidence where an error has no name.
struct SampleEvidence {
  /// By sample, in row order.
  let gradients: [[Double]]

  /// More samples than these are not taken apart.
  static let mostSamples = 40

  /// Central differences at the steps that the check used.
  static func measure(
    _ objective: any SampledObjective, _ tensor: TensorResult, parameter p: Int
  ) throws -> SampleEvidence? {
    let parameter = objective.parameters[p]
    let count = try objective.sampleValues().count
    guard (2...mostSamples).contains(count), tensor.entries.count >= 2 * count else { return nil }
    var gradients = [[Double]](
      repeating: [Double](repeating: 0, count: tensor.entries.count), count: count)
    for (i, entry) in tensor.entries.enumerated() {
      let saved = parameter[i]
      defer { parameter[i] = saved }
      let (above, below) = (
        parameter.rounded(saved + entry.step), parameter.rounded(saved - entry.step)
      )
      parameter[i] = above
      let up = try objective.sampleValues()
      parameter[i] = below
      let down = try objective.sampleValues()
      for s in 0..<count { gradients[s][i] = (up[s] - down[s]) / (above - below) }
    }
    return SampleEvidence(gradients: gradients)
  }

  /// The residual as a sum over samples, where a few of them account for it.
  func sentence(_ residual: [Double]) -> String? {
    let scale = rootMeanSquare(residual)
    guard scale > 0, scale.isFinite,
      let fit = try? leastSquares(
        columns: gradients, observations: residual,
        deviations: residual.map { _ in scale * 1e-6 })
    else { return nil }
    var left = residual
    for (c, gradient) in zip(fit.coefficients, gradients) {
      for i in left.indices { left[i] -= c * gradient[i] }
    }
    guard rootMeanSquare(left) < 1e-3 * scale else { return nil }
    let involved = fit.coefficients.indices.filter { abs(fit.coefficients[$0]) > 1e-3 }
    guard !involved.isEmpty, involved.count <= max(1, gradients.count / 2) else { return nil }
    return "it is "
      + involved.map { s in
        String(format: "%+.3f x the contribution of sample %d", fit.coefficients[s], s)
      }.joined(separator: " and ")
  }
}
