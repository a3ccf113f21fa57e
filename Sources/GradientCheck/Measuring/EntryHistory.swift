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
  /// The one with the smallest step so far, down to `StepLimits.corner`: a corner is one only if it is seen
  /// there. A large step also shows the fourth derivative; a smaller one blurs the slopes of its sides.
  private(set) var finest: Estimate
  /// The one with the smallest step of all: the closest look.
  private var nearest: Estimate
  /// The smallest step so far that had a corner in it, and the least by which the slope jumps at that corner.
  private(set) var cornerStep: Double
  private var cornerJump = 0.0
  /// The one with the smallest bound so far, which decides the verdict; one without a corner if there
  /// is one, because the bound covers a single corner, and several can conspire.
  private(set) var best: Estimate
  /// The first corner that could be located, and the step that saw it.
  private(set) var corner: (kink: Kink, step: Double)?
  /// A look as close as noise allows measured another slope than the one that accepted the claim.
  private(set) var isContradicted = false

  /// How far steps may go.
  struct StepLimits {
    /// The step of the first look.
    let first: Double
    /// Where a closer look has nothing to add.
    let smallest: Double
    /// The size of the entry's value, and that of its tensor.
    let size: Double
    let scale: Double

    /// Corners are followed down to 2^-12 of the first step, or of what that would be in the entry's own size.
    var corner: Double { first * (size > 0 ? min(1, size / scale) : 1) / 4096 }
    /// Nothing that can be seen only with longer steps convicts: it lies outside the tensor's own size.
    var largestConvicting: Double { 16 * scale }
  }

  init(_ first: Estimate, claimed: Double?, limits: StepLimits, z: Double) {
    self.claimed = claimed
    self.limits = limits
    self.z = z
    last = first
    finest = first
    nearest = first
    best = first
    cornerStep = .infinity
    noteStep(of: first)
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
    if next.step < finest.step, next.step > 0.99 * limits.corner { finest = next }
    let isCorner = next.showsKink(z: z)
    noteStep(of: next)
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

  /// Remembers the smallest step that had a corner in it. A jump J leaves at most |D4| = 2 J h.
  private mutating func noteStep(of look: Estimate) {
    guard look.showsKink(z: z), look.step <= cornerStep, let points = look.points else { return }
    cornerStep = look.step
    cornerJump = abs(points.d4) / (2 * look.step)
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

  /// The step for a better bound. A corner asks for h/8, until it stands at the point: nearer than that the
  /// noise of its two sides only grows. Noise asks for the step at which it is a quarter of
  /// the tolerance, at most 64 h: the third derivative will show if that was too much. Where both parts of
  /// the bound are seen, E = a/h + b h^2 is least at (a / 2b)^(1/3).
  private func betterStep(tolerance: Double) -> Double? {
    guard last.isFinite else { return shorterStep }
    if last.showsKink(z: z) {
      return last.step > 1.01 * limits.corner ? shorterStep : nil
    }
    guard let points = last.points else {
      return last.step * (last.isNoiseLimited ? 2.5 : 0.125)
    }
    if last.isNoiseLimited {
      // From a close look there is a way back at once, to where nothing spoke against the step.
      let most = max(64, limits.first / 16 / last.step)
      return min(
        last.step * min(most, max(2.5, 4 * points.noiseBound / tolerance)), cornerStep / 2)
    }
    let best = Foundation.cbrt(points.noiseBound / (2 * points.truncationBound))
    let isLong = shorterStep < last.step / 8
    return isLong ? shorterStep : last.step * min(0.5, max(0.125, best))
  }

  /// An eighth. Where the step is far longer than the entry, whose own value may be all that is known of its
  /// size, a part of that at once.
  private var shorterStep: Double {
    let isLong = limits.size > 0 && last.step > 64 * limits.size
    return isLong ? limits.size / 256 : last.step / 8
  }

  // MARK: The closest look

  /// The step of a look that is as close as noise allows: its noise is a hundredth of the entry or of the
  /// tensor's scale. A feature that is narrower than the accepted step shows there.
  /// - Returns: nil where no claim is accepted yet, or the accepted look was as close.
  func closestLook(tolerance: Double, scale: Double) -> Double? {
    guard best.isMeasured, best.isFinite, let points = best.points,
      acceptance(of: best, best.bound, tolerance) == .pass
    else { return nil }
    let size = 0.01 * max(abs(best.value), scale)
    let step = max(limits.smallest, FivePointRule.valueNoise * z * points.sigma / size)
    return step < best.step / 4 ? step : nil
  }

  /// Compares the closest look with the one that accepted the claim. It cannot convict: so close to the point a
  /// loss may also have been rounded away.
  mutating func compare(withClosest look: Estimate) {
    guard look.isFinite else { return }
    isContradicted = abs(look.value - best.value) > look.convictionBound(z: z) + best.bound
  }

  // MARK: Convictions

  /// The look that convicts a claim, if one does: the closest that the noise allows, or, where that was
  /// clear but fell short, one up to sixteen times as wide that agrees with it.
  func convicting(tolerance: Double) -> Estimate? {
    guard excludesClaim(tolerance: tolerance) else { return nil }
    guard let (closest, telling) = convictingSteps(tolerance: tolerance) else { return best }
    let widest = min(max(17 * closest, 2 * telling), limits.largestConvicting)
    let bounds = nearest.convictionBound(z: z) + last.convictionBound(z: z)
    guard nearest.step <= 1.5 * closest, nearest.isClean(z: z), last.isClean(z: z),
      last.step >= 0.99 * telling, last.step <= widest,
      abs(nearest.value - last.value) <= bounds,
      acceptance(of: last, last.convictionBound(z: z), tolerance) == .fail
    else { return nil }
    return last
  }

  /// The best estimate excludes the claim.
  private func excludesClaim(tolerance: Double) -> Bool {
    acceptance(of: best, best.bound, tolerance) == .fail
  }

  /// The steps of the two looks that a conviction needs.
  ///
  /// The closest that the noise allows: a long step sees little of what lies close to the point, such as several
  /// corners whose higher differences cancel or drown in the noise, or two steep edges of a flat loss. So the
  /// difference r must still stand half above the noise of a conviction: `convictingNoise` z sigma / h =
  /// (r - tol) / 1.5.
  ///
  /// And, where a corner was seen, one long enough to see that corner again if it stands at the very point:
  /// 2 J h > `fourthNoise` z sigma. There a claim outside its two slopes may be right as well, if units of
  /// opposite orientation turn at the point.
  /// - Returns: nil where another rule than the five-point one measured.
  private func convictingSteps(tolerance: Double) -> (closest: Double, telling: Double)? {
    guard let points = best.points else { return nil }
    let excess = abs((claimed ?? points.value) - points.value) - tolerance
    let closest = max(
      limits.smallest, 1.5 * FivePointRule.convictingNoise * z * points.sigma / excess)
    guard cornerJump > 0 else { return (closest, 0) }
    let visible = 1.2 * FivePointRule.fourthNoise * z * points.sigma / (2 * cornerJump)
    return (closest, min(visible, cornerStep / 2))
  }

  /// The step of the next look at an entry whose claim is excluded and not yet convicted; nil where a
  /// closer look has nothing to add.
  private func closerStep(tolerance: Double) -> Double? {
    guard excludesClaim(tolerance: tolerance),
      let (closest, telling) = convictingSteps(tolerance: tolerance)
    else { return nil }
    if nearest.step > 1.5 * closest { return closest }
    guard last.isClean(z: z) else { return nil }
    if last.step < 0.99 * telling { return telling }
    let wider = 4 * last.step
    return wider <= min(17 * closest, best.step) ? wider : nil
  }

  private func acceptance(
    of estimate: Estimate, _ bound: Double, _ tolerance: Double
  ) -> Acceptance {
    Acceptance(
      claimed: claimed ?? estimate.value, measured: estimate.value, bound: bound,
      tolerance: tolerance)
  }
}
