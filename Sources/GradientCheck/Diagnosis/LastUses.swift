import GSLKit
import TiedLayers

/// What the samples contribute to a parameter that a layer uses several times, each through the last use
/// that it reaches: what is left of the gradient where the recursion over time is missing.
enum LastUses {
  /// Measured with the five-point formula, at the steps that the check used.
  /// - Returns: by entry; nil where no layer uses the parameter several times, or there is too much to
  ///   measure.
  static func measure(
    _ objective: any SampledObjective, _ tensor: TensorResult, parameter p: Int
  ) throws -> [Double]? {
    let parameter = objective.parameters[p]
    let (point, count) = (parameter.flat, try objective.sampleValues().count)
    guard count <= SampleEvidence.mostSamples, tensor.entries.count == point.count else {
      return nil
    }
    var sum = [Double](repeating: 0, count: point.count)
    let scale = tensorScale(point)
    for i in 0..<count {
      guard let (sample, weight) = objective.sample(i),
        let own = sample.parameters.firstIndex(where: { $0 === parameter })
      else { return nil }
      let uses = sample.uses.filter { $0.parameter == own }
      guard uses.count > 1, uses.allSatisfy(\.isRepeated) else { return nil }
      for use in uses.reversed() {
        let path = try sample.pathFunction(use)
        let here = try path(.values(point))
        guard try path(.values(point.map { $0 + scale })) != here else { continue }
        for (e, entry) in tensor.entries.enumerated() {
          func value(_ steps: Double) throws -> Double {
            try path(.entry(e, to: parameter.rounded(point[e] + steps * entry.step)))
          }
          let near = try value(1) - value(-1)
          let far = try value(2) - value(-2)
          sum[e] += weight * (8 * near - far) / (12 * entry.step)
        }
        break
      }
    }
    return sum
  }
}
