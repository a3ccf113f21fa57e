import GSLKit
import TiedLayers

/// What the measurements of a finished check say of other claims: nothing is measured again.
extension GradientResult {
  /// Weighs other claims against what was measured.
  /// - Parameters:
  ///   - claims: by parameter, in row order; nil where nothing is claimed.
  ///   - seed: the one that the check was made with.
  /// - Returns: whether an entry, or a direction, would have failed; and the largest difference over
  ///   the smallest that would not have passed.
  package func weigh(_ claims: [[Double]?], seed: UInt64) -> (convicts: Bool, effect: Double) {
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
