import GSLKit
import TiedLayers

/// What a check that has been made would have said to something else: the measurements stay, only
/// the claims change.
extension GradientResult {
  /// Weighs other claims against what was measured.
  /// - Parameters:
  ///   - claims: by parameter, in row order; nil where nothing is claimed.
  ///   - seed: the one that the check was made with.
  /// - Returns: whether an entry, or a direction, would have failed; and the largest difference over
  ///   the smallest that would not have passed.
  package func replay(_ claims: [[Double]?], seed: UInt64) -> (convicts: Bool, effect: Double) {
    var convicts = false
    var effect = 0.0
    for (p, tensor) in parameters.enumerated() {
      guard let claim = p < claims.count ? claims[p] : nil else {
        convicts = true
        continue
      }
      let projected: [Double]
      if let directions = tensor.directions {
        let lines = Lines(count: directions.count, entries: claim.count, seed: seed, tensor: p)
        projected = lines.project(claim) ?? []
      } else {
        projected = claim
      }
      for (claimed, entry) in zip(projected, tensor.measuredEntries) {
        let bound = max(entry.bound, entry.secondBound ?? 0)
        let verdict = Acceptance(
          claimed: claimed, measured: entry.numeric, bound: bound, tolerance: entry.tolerance)
        if verdict == .fail { convicts = true }
        let detectable = entry.detectable(rtol: rtol)
        if detectable > 0, detectable.isFinite {
          effect = max(effect, abs(claimed - entry.numeric) / detectable)
        }
      }
    }
    return (convicts, effect)
  }

  /// The largest difference of this very check over the smallest that would not have passed.
  package func effect() -> Double {
    parameters.flatMap(\.measuredEntries).reduce(0) { largest, entry in
      let detectable = entry.detectable(rtol: rtol)
      return detectable > 0 && detectable.isFinite
        ? max(largest, entry.difference / detectable) : largest
    }
  }
}

extension TieCheck {
  /// The part of the check that measures nothing: who holds what, and whether layers follow it.
  package func convictsWithoutMeasuring(
    _ objective: any LayeredObjective, expected: [[String]], biases: [[String]]?
  ) throws -> Bool {
    if !missingTies(objective, expected: expected).isEmpty { return true }
    if !unmeantTies(objective, biases: biases).isEmpty { return true }
    let users = Dictionary(grouping: objective.uses, by: \.parameter)
    return try objective.uses.contains { use in
      try users[use.parameter]!.count > 1 && follows(objective, use).verdict == .fail
    }
  }
}

extension UpdateCheck {
  /// One step of a training beside its reference, from the present point, which is put back.
  /// - Parameter contributions: what the layers contribute at this point; see `contributions`.
  /// - Returns: how far the two are apart at most, over what rounding accounts for.
  package func strayFactor(
    _ objective: any PathObjective, _ subject: UpdateSubject,
    contributions: [LayerContribution]
  ) throws -> Double {
    let parameters = objective.parameters
    let start = parameters.map(\.flat)
    defer { for (parameter, values) in zip(parameters, start) { parameter.flat = values } }
    try subject.makeTrainer().step(parameters, contributions: contributions)
    var run = referenceRun(subject, parameters, start)
    run.step(try sum(of: live(contributions, subject), for: parameters))
    var factor = 0.0
    for (p, parameter) in parameters.enumerated() {
      let (values, expected) = (parameter.flat, run.values(p))
      for i in values.indices {
        let way = abs(start[p][i]) + abs(expected[i] - start[p][i])
        let allowed = 16 * parameter.unitRoundoff * way
        let difference = abs(values[i] - expected[i])
        if difference > 0 { factor = max(factor, difference / allowed) }
      }
    }
    return factor
  }
}
