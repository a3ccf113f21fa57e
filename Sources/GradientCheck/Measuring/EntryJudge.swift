/// Weighs one entry after its last look: accepted, convicted, or why neither.
struct EntryJudge {
  let witness: Witness
  let task: TensorTask
  let entry: Int
  let history: EntryHistory
  /// The scale of the tensor's gradient, and what a difference may be.
  let rms: Double
  let tolerance: Double
  /// The share of the tensor's entries that showed a corner within a step of a given length.
  let cornerShare: (_ step: Double) -> Double

  private var estimate: Estimate { history.best }
  private var claimed: Double { task.claim(entry) ?? estimate.value }

  /// - Throws: what the loss throws.
  func result() throws -> EntryResult {
    let (outcome, second) = try conclude()
    let verdict = outcome.verdict
    let isCorner =
      (verdict == .kink || verdict == .inconclusive) && history.finest.showsKink(z: witness.z)
    // At a corner the derivative is the slope that is claimed, if it has that slope.
    var (value, bound, step) = (estimate.value, estimate.bound, estimate.step)
    var detectable = detectable(second?.bound ?? 0)
    if case .corner(let slope?) = outcome {
      (value, bound, step) = (slope.value, slope.bound, history.finest.step)
      detectable = tolerance + 2 * bound
    }
    return EntryResult(
      index: task.shape.count == 2 ? [entry / task.shape[1], entry % task.shape[1]] : [entry],
      analytic: claimed, numeric: value, bound: bound, step: step,
      verdict: verdict, reason: outcome.reason, secondNumeric: second?.value,
      secondBound: second?.bound, tolerance: tolerance,
      kink: isCorner ? history.finest.points?.kink : nil,
      sensitivity: rms > 0 ? detectable / max(abs(value), rms) : .infinity)
  }

  /// - Returns: the outcome, and what the second witness measured if it was asked.
  private func conclude() throws -> (EntryOutcome, second: Estimate?) {
    if task.malformation != nil { return (.malformedClaim, nil) }
    if !claimed.isFinite, !task.isMeasuredOnly { return (.claimNotFinite(claimed), nil) }
    if !estimate.isMeasured { return (.notMeasured, nil) }
    if !estimate.isFinite {
      return (estimate.points?.hasFiniteLosses ?? false ? .overflow : .lossNotFinite, nil)
    }
    switch acceptance(measured: estimate.value, bound: estimate.bound) {
    case .pass where history.isContradicted: return (.contradictedByClosestLook, nil)
    case .pass:
      return (.accepted(differs: abs(claimed - estimate.value) > estimate.bound), nil)
    case .undecided: return (undecided(otherwise: nil), nil)
    case .fail:
      guard let look = history.convicting(tolerance: tolerance) else {
        return (undecided(otherwise: .noCloserLook), nil)
      }
      if hidesCorners(look) { return (undecided(otherwise: .crowdedCorners), nil) }
      if try isDrowned(look) { return (undecided(otherwise: .noisierBesideThePoint), nil) }
      guard try isBorneOutInOwnNoise(look) else {
        return (undecided(otherwise: .noCloserLook), nil)
      }
      return try hearSecondWitness(look)
    }
  }

  /// Why an entry is neither accepted nor convicted.
  /// - Parameter other: what kept it from a conviction, if its best estimate would convict.
  private func undecided(otherwise other: EntryOutcome?) -> EntryOutcome {
    if rms == 0, estimate.bound.isFinite,
      estimate.isNoiseLimited || estimate.points?.isStationary ?? false,
      abs(claimed - estimate.value) <= estimate.bound
    {
      return .wholeGradientZero
    }
    if let points = history.finest.points, points.showsKink(z: witness.z) {
      return .corner(points.cornerSlope(claimed, z: witness.z, tolerance: tolerance))
    }
    if let other { return other }
    if isCertifiedLess { return .agreesWithinBound }
    return estimate.isNoiseLimited ? .noise : .truncation
  }

  /// What noise may leave of the sensitivity of an entry that is accepted all the same: 1e-4 of the scale, and
  /// no more than a hundred times the tolerance that was asked for.
  private static let leastSensitivity = (ofScale: 1e-4, ofTolerance: 100.0)

  /// The smallest difference that would have been convicted.
  private func detectable(_ secondBound: Double) -> Double {
    let bound = max(estimate.bound, secondBound)
    return tolerance + bound + max(bound, estimate.convictionBound(z: witness.z))
  }

  /// Whether nothing is seen that speaks against the claim, and a larger error would have been. So the
  /// attention of a language model passes, whose gradient is a millionth of the others': noise hides a
  /// millionth of it, and the sensitivity that the report states says how much.
  private var isCertifiedLess: Bool {
    rms > 0 && !history.isContradicted && abs(claimed - estimate.value) <= estimate.bound
      && detectable(0)
        <= min(
          Self.leastSensitivity.ofScale * max(abs(estimate.value), rms),
          Self.leastSensitivity.ofTolerance * tolerance)
  }

  /// Whether several corners too small to be seen could explain what a look measured. Where corners stand so close
  /// together that one entry in fifty shows one within a few steps, more of them lie within the step, each with a
  /// jump of up to `fourthNoise` z sigma / 2h that noise hides. A claim must be excluded by more than three of
  /// them.
  private func hidesCorners(_ look: Estimate) -> Bool {
    guard let points = look.points, cornerShare(16 * points.step) >= 0.02 else { return false }
    let hidden = 3 * FivePointRule.fourthNoise / 2 * witness.z * points.sigma / points.step
    return acceptance(measured: look.value, bound: look.bound + hidden) != .fail
  }

  /// Whether a look still excludes the claim where the noise is this entry's own. The noise of the check is the
  /// largest along three random directions: where it lies above the rounding of the loss, a corner or something
  /// narrow in one entry may have raised it for all, and a look that is clear at that noise proves nothing. So the
  /// entry's own noise is measured, by nine points around the point; as long as that is far smaller, a closer
  /// look is taken.
  private func isBorneOutInOwnNoise(_ first: Estimate) throws -> Bool {
    guard var look = first.points else { return true }
    let probe = task.probe(entry)
    for _ in 0..<6 where look.sigma > 4 * look.rounding {
      let spacing = max(look.step / 64, 4 * probe.unitRoundoff * abs(probe.x))
      let values = try (-4...4).map {
        try probe.loss(at: probe.rounded(probe.x + Double($0) * spacing))
      }
      let table = DifferenceTable(values)
      guard values.allSatisfy(\.isFinite), !table.mostlyFlat else { return true }
      let own = max(table.noise ?? table.deviations[5], look.rounding)
      guard own < look.sigma / 8 else { return true }
      let excess = abs(claimed - look.value) - tolerance
      let step = max(
        task.finestStep(entry), 1.5 * FivePointRule.convictingNoise * witness.z * own / excess)
      let quiet = Witness(
        value: witness.value, sigma: own, z: witness.z, estimator: witness.estimator)
      look = try quiet.fivePoint(probe, step: min(step, look.step))
      let bound = look.bound + FivePointRule.hiddenByNoise * witness.z * look.sigma / look.step
      guard look.isFinite, look.isSmooth(z: witness.z),
        acceptance(measured: look.value, bound: bound) == .fail
      else { return false }
    }
    return true
  }

  /// Whether noise beside the point takes back what `look` saw. Where residuals are nothing but rounding,
  /// at a perfect reconstruction, the noise grows with each step away from the point, and the loss, whose
  /// rounding is the floor, is as small as their squares. So the noise is measured again, by nine points
  /// around x + h; up to a factor of 4 is what ECNoise itself may be off by.
  private func isDrowned(_ look: Estimate) throws -> Bool {
    guard let points = look.points else { return false }
    let probe = task.probe(entry)
    let spacing = max(points.step / 256, 4 * probe.unitRoundoff * abs(probe.x))
    let values = try (-4...4).map {
      try probe.loss(at: probe.rounded(probe.x + points.step + Double($0) * spacing))
    }
    guard let sigma = DifferenceTable(values).noise, sigma > 4 * points.sigma else { return false }
    let bound =
      points.truncationBound + FivePointRule.convictingNoise * witness.z * sigma / points.step
    return acceptance(measured: look.value, bound: bound) != .fail
  }

  /// What the second witness says of a claim that the first excludes. Its own starting step decides how
  /// good its bound is, so it may try again from a longer one, and from the closer look's. At none of
  /// these does it begin with points of the first witness.
  private func hearSecondWitness(_ look: Estimate) throws -> (EntryOutcome, second: Estimate?) {
    var tightest: (outcome: EntryOutcome, second: Estimate)?
    // GSL's first try is at h and h/2: a third of the step shares no point with it.
    let part = witness.estimator == .fivePoint ? 2.0 : 3
    for step in [estimate.step / part, 3 * estimate.step, look.step / part] {
      let second = try witness.secondEstimate(task.probe(entry), step: step)
      let excludes =
        second.isFinite && acceptance(measured: second.value, bound: second.bound) == .fail
      if excludes && abs(second.value - estimate.value) <= second.bound + estimate.bound {
        let inDouble = try task.twin?(entry, claimed, tolerance) ?? .fail
        return (inDouble == .fail ? .convicted : .notExcludedInDouble, second)
      }
      if tightest == nil || second.bound < tightest!.second.bound {
        tightest = (excludes ? .witnessesDisagree : .notExcludedBySecondWitness, second)
      }
    }
    return (tightest!.outcome, tightest!.second)
  }

  private func acceptance(measured: Double, bound: Double) -> Acceptance {
    Acceptance(claimed: claimed, measured: measured, bound: bound, tolerance: tolerance)
  }
}
