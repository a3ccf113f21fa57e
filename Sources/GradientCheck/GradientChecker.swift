import GSLKit
import TiedLayers

/// Compares a claimed gradient with finite differences, entry by entry.
public struct GradientChecker {
  public var options: CheckOptions

  public init(_ options: CheckOptions = CheckOptions()) { self.options = options }

  /// Checks every entry of every parameter at the present point, which is left as it was.
  ///
  /// - Throws: `NonDeterministicObjective`, `NonFiniteObjective`, or what the objective throws.
  public func check(_ objective: any Objective) throws -> GradientResult {
    let counting = EvaluationCounter()
    let parameters = objective.parameters
    let (noise, value) = try Noise.measure(objective, seed: options.seed)
    counting.count += noise.evaluations
    let claimed = try objective.gradients()
    let tasks = parameters.enumerated().map { p, parameter in
      TensorTask(parameter, claimed: p < claimed.count ? claimed[p] : nil) { entry, point in
        counting.count += 1
        return try objective.value(changing: parameter, entry: entry, to: point)
      }
    }
    let total = tasks.reduce(0) { $0 + $1.values.count }
    let witness = Witness(
      value: value, sigma: noise.deviation,
      z: Witness.quantile(alpha: options.alpha, entries: total), estimator: options.estimator)
    let (tensors, scale) = try TensorCheck(
      witness: witness, rtol: options.rtol, seed: options.seed,
      progress: progress(total: total)
    ).run(tasks)

    // A layer that keeps something from one call to the next has spoiled every difference above.
    let after = try objective.value()
    counting.count += 1
    guard after.bitPattern == value.bitPattern else {
      throw NonDeterministicObjective(first: value, second: after)
    }

    var entries = EntryCounts()
    for tensor in tensors { entries.add(tensor.counts) }
    var verdict = Verdict.overall(tensors.map(\.verdict))
    var reason: String?
    if scale == 0, verdict != .fail {
      verdict = .vacuous
      reason =
        "the whole gradient is zero at this point: a missing, doubled or transposed contribution "
        + "would be zero as well. Try another seed, or values of another scale."
    }
    return GradientResult(
      verdict: verdict, estimator: options.estimator, rtol: options.rtol, alpha: options.alpha,
      value: value, noise: noise.deviation, evaluations: counting.count,
      sensitivity: tensors.map(\.sensitivity).reduce(0) { $0.isNaN || $0 > $1 ? $0 : $1 },
      entries: entries, parameters: tensors, reason: reason)
  }

  private func progress(total: Int) -> ((Int) -> Void)? {
    guard let report = options.progress else { return nil }
    var done = 0
    return { newly in
      done += newly
      report(done, total)
    }
  }
}

private final class EvaluationCounter {
  var count = 0
}

extension EntryCounts {
  mutating func add(_ other: EntryCounts) {
    total += other.total
    pass += other.pass
    fail += other.fail
    inconclusive += other.inconclusive
    kink += other.kink
  }
}
