import GSLKit
import TiedLayers

/// The sum rule: what the uses of a parameter contribute adds up to its gradient, as it is claimed and as it
/// is measured.
///
/// A sum is compared on the scale of its parts, because parts may cancel. Each part may be off by its own
/// tolerance, so that the sum may be off by all of them together:
///
///     tolerance_i = rtol (sum over uses of max(|part_i|, rms of the part) + max(|whole_i|, rms of the whole))
///
/// So the rule never fails where every part and the whole pass. Additions in another order cost 1e4
/// roundings of the largest term besides.
struct SumRule {
  let measurement: PathMeasurement
  /// The claims of all uses of the parameter, be they measured or not; nil where nobody says what single uses
  /// claim.
  let claims: [[Double]]?

  private var whole: [EntryResult] { measurement.whole.measuredEntries }

  /// - Parameters:
  ///   - measured: the paths; the measured half of the rule needs all of them.
  ///   - allowsOtherUses: the uses are what somebody described, and the whole gradient is right: paths that
  ///     leave something of it over say that the description is not complete, and nothing of the gradient.
  func result(_ measured: [TensorResult], isComplete: Bool, allowsOtherUses: Bool) throws
    -> TieGroup.SumRule
  {
    let claimed = self.claimed()
    let found = isComplete ? try self.measured(measured) : (verdict: .pass, largest: 0)
    let counted = allowsOtherUses && found.verdict == .fail ? .pass : found.verdict
    return .init(
      verdict: Verdict.overall([claimed?.verdict ?? .pass, counted]),
      maxRelativeError: found.largest, maxClaimedError: claimed?.largest,
      isBrokenAsMeasured: found.verdict == .fail)
  }

  // MARK: Claimed

  /// Whether the claims by use add up to the claimed whole; nil where there are none.
  func claimed() -> (verdict: Verdict, largest: Double)? {
    guard let claims else { return nil }
    let parts = claims.map { claim in
      measurement.lines.map { $0.project(claim) ?? [] } ?? claim
    }
    let analytic = whole.map(\.analytic)
    let scales = parts.map(rootMeanSquare)
    let wholeScale = rootMeanSquare(analytic)
    let rounding = 1e4 * measurement.objective.gradientUnitRoundoff
    var verdict = Verdict.pass
    var largest = 0.0
    for (i, claimed) in analytic.enumerated() {
      var (sum, terms, sizes) = (0.0, abs(claimed), max(abs(claimed), wholeScale))
      for (part, scale) in zip(parts, scales) {
        let term = i < part.count ? part[i] : .nan
        sum += term
        terms += abs(term)
        sizes += max(abs(term), scale)
      }
      let error = abs(sum - claimed)
      let tolerance =
        measurement.options.rtol * sizes + rounding * max(terms, wholeScale)
      if !(error <= tolerance) { verdict = .fail }
      if error > 0 { largest = max(largest, error / max(abs(claimed), wholeScale)) }
    }
    return (verdict, largest)
  }

  // MARK: Measured

  /// Entries whose sums disagree and are looked at once more.
  private static let mostTrials = 3

  /// Whether the measured paths add up to the measured whole. A bound that is exceeded where corners, noise or
  /// non-finite losses lie proves nothing, so that the rule is broken only where a trial says so.
  private func measured(_ paths: [TensorResult]) throws -> (verdict: Verdict, largest: Double) {
    var largest = 0.0
    var suspects: [(entry: Int, excess: Double, tolerance: Double)] = []
    for (i, entry) in whole.enumerated() {
      let parts = paths.map { $0.entries[i] }
      let sum = parts.reduce(0) { $0 + $1.numeric }
      let bound = parts.reduce(entry.bound) { $0 + $1.bound }
      let tolerance = parts.reduce(entry.tolerance) { $0 + $1.tolerance }
      let error = abs(sum - entry.numeric)
      if error > 0 {
        largest = max(
          largest, error / max(abs(entry.numeric), measurement.whole.measuredScale))
      }
      if !(error <= bound + tolerance) {
        suspects.append((i, error.isFinite ? error - bound - tolerance : 0, tolerance))
      }
    }
    guard !suspects.isEmpty else { return (.pass, largest) }
    let worst = suspects.sorted { ($1.excess, $0.entry) < ($0.excess, $1.entry) }
      .prefix(Self.mostTrials)
    let isBroken = try worst.contains { suspect in
      let isSettled = ([whole[suspect.entry]] + paths.map { $0.entries[suspect.entry] })
        .allSatisfy { $0.verdict == .pass || $0.verdict == .fail }
      return try isSettled && trial(suspect.entry, tolerance: suspect.tolerance) == .fail
    }
    return (isBroken ? .fail : .inconclusive, largest)
  }

  /// Measures the derivative of the whole minus the paths in one go: it is zero where the rule holds. Nobody
  /// is convicted without the closest look and the second witness, as for an entry.
  private func trial(_ entry: Int, tolerance: Double) throws -> Verdict {
    let objective = measurement.objective
    let parameter = measurement.parameter
    let base = parameter.flat
    let paths = try measurement.uses.map { try objective.pathFunction($0) }
    let line = measurement.lines?.vectors[entry]
    let terms = Double(paths.count + 1)
    let rule = measurement.tensorCheck(numbers: measurement.uses.count * whole.count)
    let check = TensorCheck(
      witness: Witness(
        value: (1 - Double(paths.count)) * rule.witness.value, sigma: terms * rule.witness.sigma,
        z: rule.witness.z, estimator: rule.witness.estimator),
      rtol: rule.rtol, seed: rule.seed)
    return try check.check(
      derivative: 0, stepScale: tensorScale(base), toleranceScale: .absolute(tolerance),
      unitRoundoff: parameter.unitRoundoff
    ) { t in
      let change =
        line.map { PathChange.values(zip(base, $0).map { $0 + t * $1 }) }
        ?? .entry(entry, to: base[entry] + t)
      let whole = try parameter.standing(change) { try objective.value() }
      return try paths.reduce(whole) { try $0 - $1(change) }
    }.verdict
  }
}
