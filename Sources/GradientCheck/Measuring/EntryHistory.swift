import Foundation

/// All that is known of one entry while it is measured: the looks that were taken at it, each a five-point
/// estimate (or GSL's) at one step, and what follows from them for the next step and for a conviction.
struct EntryHistory {
  /// What was claimed; nil where nobody claims anything.
  private let claimed: Double?
  private let limits: StepLimits
  /// The quantile that covers all entries of the check together.
  private let z: Double

  /// The last look, which decides the next step.
  private(set) var last: Estimate
  /// The one with the smallest step so far, down to 2^-12 of the first: a corner is one only if it is seen
  /// there. A large step also shows the fourth derivative; a smaller one blurs the slopes of its sides.
  private(set) var finest: Estimate
  /// The one with the smallest step of all: the closest look.
  private var nearest: Estimate
  /// The smallest step so far that had a corner in it.
  private var cornerStep: Double
  /// The one with the smallest bound so far, which decides the verdict; one without a corner if there
  /// is one, because the bound covers a single corner, and several can conspire.
  private(set) var best: Estimate
  /// The first corner that could be located, and the step that saw it.
  private(set) var corner: (kink: Kink, step: Double)?

  /// How far steps may go.
  struct StepLimits {
    /// The step of the first look.
    let first: Double
    /// Where a closer look has nothing to add.
    let smallest: Double
    /// Nothing that can be seen only with longer steps convicts: it lies outside the tensor's own size.
    let largestConvicting: Double
  }

  init(_ first: Estimate, claimed: Double?, limits: StepLimits, z: Double) {
    self.claimed = claimed
    self.limits = limits
    self.z = z
    last = first
    finest = first
    nearest = first
    best = first
    cornerStep = first.showsKink(z: z) ? first.step : .infinity
  }

  // MARK: Looks

  /// Remembers the corner that keeps an entry undecided, if its last look shows one with a place.
  mutating func noteCorner() {
    guard corner == nil, last.showsKink(z: z), let kink = last.points?.kink else { return }
    corner = (kink, last.step)
  }

  mutating func add(_ next: Estimate) {
    last = next
    if next.step < nearest.step { nearest = next }
    if next.step < finest.step, next.step > 0.99 / 4096 * limits.first { finest = next }
    let isCorner = next.showsKink(z: z)
    if isCorner { cornerStep = min(cornerStep, next.step) }
    guard next.isFinite else { return }
    let previous = best
    guard previous.isFinite else {
      best = next
      return
    }
    // Where two clear looks exclude each other, something lies within the longer step that it did not see.
    if next.isClean(z: z), previous.isClean(z: z),
      abs(next.value - previous.value) > next.bound + previous.bound
    {
      cornerStep = min(cornerStep, max(next.step, previous.step))
      if next.step < previous.step { best = next }
      return
    }
    let isBetter =
      previous.showsKink(z: z) == isCorner ? next.bound < previous.bound : !isCorner
    if isBetter { best = next }
  }

  /// The step of the next look; nil where none is needed, or none helps.
  func nextStep(tolerance: Double) -> Double? {
    guard isUndecided(tolerance: tolerance) else { return nil }
    return closerStep(tolerance: tolerance) ?? betterStep(tolerance: tolerance)
  }

  /// No further look is needed where the claim is accepted, or convicted by the closest look.
  private func isUndecided(tolerance: Double) -> Bool {
    guard best.isMeasured, claimed?.isFinite ?? true else { return false }
    guard best.isFinite else { return true }
    switch acceptance(of: best, best.bound, tolerance) {
    case .pass: return false
    case .undecided: return true
    case .fail: return convicting(tolerance: tolerance) == nil
    }
  }

  /// The step for a better bound. A corner asks for h/8, four times: nearer than that it stands at the
  /// point, and the noise of its two sides only grows. Noise asks for the step at which it is a quarter of
  /// the tolerance, at most 64 h: the third derivative will show if that was too much. Where both parts of
  /// the bound are seen, E = a/h + b h^2 is least at (a / 2b)^(1/3).
  private func betterStep(tolerance: Double) -> Double? {
    guard last.isFinite else { return last.step / 8 }
    if last.showsKink(z: z) {
      return last.step > 1.01 / 4096 * limits.first ? last.step / 8 : nil
    }
    guard let points = last.points else {
      return last.step * (last.isNoiseLimited ? 2.5 : 0.125)
    }
    if last.isNoiseLimited {
      return min(
        last.step * min(64, max(2.5, 4 * points.noiseBound / tolerance)), cornerStep / 2)
    }
    let best = Foundation.cbrt(points.noiseBound / (2 * points.truncationBound))
    return last.step * min(0.5, max(0.125, best))
  }

  // MARK: Convictions

  /// The look that convicts a claim, if one does: the closest that the noise allows, or, where that was
  /// clear but fell short, one up to sixteen times as wide.
  func convicting(tolerance: Double) -> Estimate? {
    guard excludesClaim(tolerance: tolerance) else { return nil }
    guard let closest = closestStep(tolerance: tolerance) else { return best }
    let isClose =
      nearest.step <= 1.5 * closest && nearest.isClean(z: z)
      && last.step <= min(17 * closest, limits.largestConvicting)
    guard isClose, last.isClean(z: z),
      acceptance(of: last, last.convictionBound(z: z), tolerance) == .fail
    else { return nil }
    return last
  }

  /// The best estimate excludes the claim.
  private func excludesClaim(tolerance: Double) -> Bool {
    acceptance(of: best, best.bound, tolerance) == .fail
  }

  /// The closest look that the noise allows. A long step sees little of what lies close to the point: several
  /// corners whose higher differences cancel or drown in the noise, two steep edges of a flat loss. So an
  /// excluded claim is convicted only by a look so close that the difference r still stands half above the
  /// noise of a conviction: `convictingNoise` z sigma / h = (r - tol) / 1.5.
  /// - Returns: nil where another rule than the five-point one measured.
  private func closestStep(tolerance: Double) -> Double? {
    guard let points = best.points else { return nil }
    let excess = abs((claimed ?? points.value) - points.value) - tolerance
    return max(
      limits.smallest, 1.5 * FivePointRule.convictingNoise * z * points.sigma / excess)
  }

  /// The step of the next look at an entry whose claim is excluded and not yet convicted; nil where a
  /// closer look has nothing to add.
  private func closerStep(tolerance: Double) -> Double? {
    guard excludesClaim(tolerance: tolerance), let closest = closestStep(tolerance: tolerance)
    else { return nil }
    if nearest.step > 1.5 * closest { return closest }
    let wider = 4 * last.step
    return last.isClean(z: z) && wider <= min(17 * closest, best.step) ? wider : nil
  }

  private func acceptance(
    of estimate: Estimate, _ bound: Double, _ tolerance: Double
  ) -> Acceptance {
    Acceptance(
      claimed: claimed ?? estimate.value, measured: estimate.value, bound: bound,
      tolerance: tolerance)
  }
}
