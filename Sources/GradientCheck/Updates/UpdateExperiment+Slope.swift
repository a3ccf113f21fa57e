import GSLKit
import TiedLayers

extension UpdateExperiment {
  /// The third experiment: the derivative of L(start + t direction) at t = 0, measured and claimed.
  /// - Parameter direction: by parameter; the step that the training made.
  func slope(
    _ gradient: GradientResult, along direction: [[Double]]
  ) throws -> OptimizerResult.Slope {
    parameters.restore(start)
    let claimed = try objective.gradients()
    // As long as the point itself, however short the step was: only its direction matters.
    let length = euclideanNorm(direction.flatMap { $0 })
    let reach = euclideanNorm(start.flatMap { $0 })
    let stretch = length > 0 && reach > 0 ? reach / length : 1
    let direction = direction.map { $0.map { stretch * $0 } }
    var analytic = 0.0
    for p in parameters.indices {
      guard p < claimed.count, let claimed = claimed[p], claimed.count == direction[p].count
      else { continue }
      analytic += innerProduct(claimed, direction[p])
    }
    guard analytic.isFinite, stretch.isFinite,
      direction.allSatisfy({ $0.allSatisfy(\.isFinite) })
    else {
      return .init(numeric: .nan, bound: .infinity, analytic: analytic, verdict: .inconclusive)
    }
    let witness = Witness(
      value: gradient.value, sigma: gradient.noise,
      z: Witness.quantile(alpha: options.alpha, entries: gradient.entries.total),
      estimator: options.estimator)
    let found = try TensorCheck(witness: witness, rtol: options.rtol, seed: options.seed).check(
      derivative: analytic, stepScale: 1,
      unitRoundoff: parameters.map(\.unitRoundoff).max() ?? Double.unitRoundoff
    ) { t in
      defer { parameters.restore(start) }
      for p in parameters.indices {
        parameters[p].flat = zip(start[p], direction[p]).map { $0 + t * $1 }
      }
      return try objective.value()
    }
    // At a corner each entry may take the slope of another side, and no direction has the slope of their
    // sum.
    let isAtCorner = gradient.entries.kink > 0 || gradient.entries.inconclusive > 0
    return .init(
      numeric: found.numeric / stretch, bound: found.bound / stretch,
      analytic: analytic / stretch,
      verdict: found.verdict == .fail && isAtCorner
        ? .inconclusive : Verdict.overall([found.verdict]))
  }
}
