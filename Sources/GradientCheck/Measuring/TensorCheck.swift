import Foundation
import GSLKit
import TiedLayers

/// A tensor whose claimed gradient is to be checked, entry by entry.
struct TensorTask {
  let name: String
  let shape: [Int]
  /// The claim, in row order; nil if there is none.
  let claimed: [Double]?
  /// Nobody claims anything, and that is no fault: the question is whether it can be measured.
  var isMeasuredOnly = false
  /// The point.
  let values: [Double]
  let unitRoundoff: Double
  let rounded: (Double) -> Double
  /// The size that steps are measured in: see `tensorScale`.
  let scale: Double
  /// The loss with one entry at another value.
  let function: (_ entry: Int, _ point: Double) throws -> Double
  /// What the same network in Double says, where there is one.
  var twin: DoubleTwin.Opinion?
  /// The same at many points at once, where that is faster.
  var batch: ((_ points: [(entry: Int, point: Double)]) throws -> [Double])?

  init(
    _ parameter: any AnyParameter, named name: String? = nil, claimed: [Double]?,
    function: @escaping (Int, Double) throws -> Double
  ) {
    self.name = name ?? parameter.name
    shape = parameter.shape
    self.claimed = claimed
    values = parameter.flat
    scale = tensorScale(values)
    unitRoundoff = parameter.unitRoundoff
    rounded = parameter.rounded
    self.function = function
  }

  /// The loss along lines through the point: entry k is the derivative at t = 0 along line k.
  /// - Parameter scale: the size of the values that move when t is near 1.
  init(
    lines name: String, claimed: [Double]?, count: Int, scale: Double, unitRoundoff: Double,
    function: @escaping (_ line: Int, _ t: Double) throws -> Double
  ) {
    self.name = name
    shape = [count]
    self.claimed = claimed
    values = [Double](repeating: 0, count: count)
    self.scale = scale
    self.unitRoundoff = unitRoundoff
    rounded = { $0 }
    self.function = function
  }

  func probe(_ entry: Int) -> Probe {
    Probe(x: values[entry], unitRoundoff: unitRoundoff, rounded: rounded) {
      try function(entry, $0)
    }
  }

  /// What is claimed for an entry that was measured as `measured`.
  func claim(_ entry: Int, measured: Double) -> Double {
    isMeasuredOnly ? measured : malformation == nil ? claimed![entry] : .nan
  }

  /// Why the claim cannot even be compared.
  var malformation: String? {
    if isMeasuredOnly { return nil }
    guard let claimed else {
      return "no gradient was claimed for \(name); expected \(values.count) numbers."
    }
    guard claimed.count == values.count else {
      return "the gradient claimed for \(name) has \(claimed.count) elements; expected "
        + "\(values.count) (\(shapeText(shape)))."
    }
    return nil
  }
}

/// Measures tensors and weighs their claims. The gradient check runs it on whole gradients, the tie
/// check on paths.
struct TensorCheck {
  let witness: Witness
  let rtol: Double
  let seed: UInt64
  /// Told what is measured; asked whether to stop.
  var progress: CheckProgress?

  private static let refinements = 6

  /// Checks tasks that all belong to one objective, on the calling thread.
  func run(_ tasks: [TensorTask], wholeScale: Double? = nil) throws -> (
    tensors: [TensorResult], wholeScale: Double
  ) {
    try run(workers: [tasks], wholeScale: wholeScale)
  }

  /// - Parameters:
  ///   - workers: the same tasks for one or several equal objectives, each used by one thread. The
  ///     result does not depend on how many there are: each entry is measured by itself.
  ///   - wholeScale: the scale for tensors that are zero here; nil to take it from the nonzero
  ///     tensors among these.
  func run(workers: [[TensorTask]], wholeScale: Double? = nil) throws -> (
    tensors: [TensorResult], wholeScale: Double
  ) {
    var work: [Measurement] = []
    for (t, task) in workers[0].enumerated() {
      let random = RandomSource(seed: seed)
      let pilots = random.permutation(of: task.values.count).prefix(3).map(task.probe)
      let step = try witness.pilotStep(Array(pilots), scale: task.scale, rtol: rtol)
      let estimates = try measure(
        task.values.indices.map { ($0, step) }, workers.map { $0[t] }, mayStop: true)
      work.append(Measurement(task, estimates, firstStep: step, z: witness.z))
    }

    // The tolerance depends on all entries and an entry's step on the tolerance: rounds, in each of
    // which every entry still undecided gets one better step.
    var scale = wholeScale ?? 0
    for round in 0...Self.refinements {
      for t in work.indices { work[t].updateRMS() }
      scale = wholeScale ?? rootMeanSquare(work.flatMap(\.trustedSlopes))
      guard round < Self.refinements else { break }
      var isSettled = true
      for t in work.indices {
        let measured = work[t]
        let undecided = measured.last.indices.compactMap { entry -> (entry: Int, step: Double)? in
          guard measured.isUndecided(entry, scale, rtol) else { return nil }
          let tolerance = measured.tolerance(entry, scale, rtol)
          let step =
            measured.closerStep(entry, tolerance)
            ?? betterStep(
              measured.last[entry], tolerance, first: measured.firstStep,
              below: measured.cornerStep[entry])
          return step.map { (entry, $0) }
        }
        if undecided.isEmpty || progress?.isCancelled ?? false { continue }
        isSettled = false
        let better = try measure(undecided, workers.map { $0[t] }, mayStop: false)
        for ((entry, _), estimate) in zip(undecided, better) {
          if scale > 0 { work[t].noteCorner(entry) }
          work[t].refine(entry, estimate)
        }
      }
      if isSettled { break }
    }
    return (try work.map { try conclude($0, scale: scale) }, scale)
  }

  /// Entries that go into one question, where many can be asked at once.
  private static let slice = 64

  /// - Parameters:
  ///   - tasks: one and the same for each worker.
  ///   - mayStop: progress is told of each, and what comes after an interruption is not measured.
  private func measure(
    _ entries: [(entry: Int, step: Double)], _ tasks: [TensorTask], mayStop: Bool
  ) throws -> [Estimate] {
    func isStopped() -> Bool { mayStop && (progress?.isCancelled ?? false) }
    guard let batch = tasks[0].batch, witness.estimator == .fivePoint else {
      return try inParallel(count: entries.count, workers: tasks.count) { w, i in
        let (entry, step) = entries[i]
        if isStopped() { return Estimate.notMeasured(step: step) }
        defer { if mayStop { progress?.add(1) } }
        return try witness.estimate(tasks[w].probe(entry), step: step)
      }
    }
    var estimates: [Estimate] = []
    estimates.reserveCapacity(entries.count)
    for start in stride(from: 0, to: entries.count, by: Self.slice) {
      let slice = entries[start..<min(start + Self.slice, entries.count)]
      if isStopped() {
        estimates += slice.map { Estimate.notMeasured(step: $0.step) }
        continue
      }
      let probes = slice.map { (probe: tasks[0].probe($0.entry), step: $0.step) }
      estimates += try witness.estimates(probes) { points in
        try batch(points.map { (entry: slice[start + $0.probe].entry, point: $0.point) })
      }
      if mayStop { progress?.add(slice.count) }
    }
    return estimates
  }

  /// The step for another try; nil where none helps. A kink asks for h/8, four times: nearer than that
  /// it stands at the point, and the noise of its two sides only grows. Noise asks for the step at which
  /// it is a quarter of the tolerance, at most 64 h: the third derivative will show if that was too much.
  /// Where both parts of the bound are seen, E = a/h + b h^2 is least at (a / 2b)^(1/3).
  /// - Parameters:
  ///   - firstStep: the tensor's.
  ///   - cornerStep: the smallest step so far that had a corner in it.
  private func betterStep(
    _ current: Estimate, _ tolerance: Double, first firstStep: Double, below cornerStep: Double
  ) -> Double? {
    guard current.isFinite else { return current.step / 8 }
    if showsKink(current) {
      return current.step > 1.01 / 4096 * firstStep ? current.step / 8 : nil
    }
    guard let points = current.points else {
      return current.step * (current.isNoiseLimited ? 2.5 : 0.125)
    }
    if current.isNoiseLimited {
      return min(
        current.step * min(64, max(2.5, 4 * points.noiseBound / tolerance)), cornerStep / 2)
    }
    let best = Foundation.cbrt(points.noiseBound / (2 * points.truncationBound))
    return current.step * min(0.5, max(0.125, best))
  }

  private func showsKink(_ estimate: Estimate) -> Bool {
    estimate.showsKink(z: witness.z)
  }

  // MARK: Verdicts

  private func conclude(_ measured: Measurement, scale: Double) throws -> TensorResult {
    let task = measured.task
    let rms = measured.isZero ? scale : measured.rms
    var entries: [EntryResult] = []
    for i in task.values.indices {
      entries.append(try concludeEntry(i, measured, rms: rms))
    }
    var counts = EntryCounts()
    for entry in entries { counts.add(entry.verdict) }
    var verdict = Verdict.overall(entries.lazy.map(\.verdict))
    if task.malformation != nil { verdict = .fail }
    var result = TensorResult(
      name: task.name, shape: task.shape, verdict: verdict, reason: task.malformation,
      maxRelativeError: largest(
        entries.map { relative($0.difference, to: max(abs($0.numeric), rms)) }),
      rms: rms, sensitivity: largest(entries.map(\.sensitivity)), counts: counts,
      unused: measured.last.count { $0.isFlat },
      unusedRows: unusedSlices(measured, along: 0), unusedColumns: unusedSlices(measured, along: 1),
      differingMeasurably: entries.count { $0.verdict == .pass && $0.differsMeasurably },
      worst: worst(of: entries), entries: entries)
    result.corners = measured.corners.sorted { $0.key < $1.key }
      .map { (entry: $0.key, kink: $0.value.kink, step: $0.value.step) }
    return result
  }

  /// How many rows (axis 0) or columns (axis 1) of a kernel are unused throughout.
  private func unusedSlices(_ measured: Measurement, along axis: Int) -> Int {
    let shape = measured.task.shape
    guard shape.count == 2 else { return 0 }
    return (0..<shape[axis]).count { slice in
      (0..<shape[1 - axis]).allSatisfy { other in
        let (i, j) = axis == 0 ? (slice, other) : (other, slice)
        return measured.last[i * shape[1] + j].isFlat
      }
    }
  }

  private func concludeEntry(_ i: Int, _ measured: Measurement, rms: Double) throws -> EntryResult {
    let task = measured.task
    let estimate = measured.best[i]
    let claimed = task.claim(i, measured: estimate.value)
    let tolerance = rtol * max(abs(estimate.value), rms)
    var second: Estimate?
    var reason: String?
    let verdict: Verdict
    if task.malformation != nil {
      verdict = .fail
    } else if !claimed.isFinite, !task.isMeasuredOnly {
      (verdict, reason) = (.fail, "the claimed derivative is \(claimed), not a finite number")
    } else if !estimate.isMeasured {
      (verdict, reason) = (.inconclusive, "interrupted before it was measured")
    } else if !estimate.isFinite {
      (verdict, reason) = (.inconclusive, "the loss is not finite near this entry")
    } else {
      var acceptance = Acceptance(
        claimed: claimed, measured: estimate.value, bound: estimate.bound, tolerance: tolerance)
      let convicting = measured.convicting(i, tolerance)
      let isUnconfirmed = acceptance == .fail && convicting == nil
      let isDrowned =
        try convicting.map { try self.isDrowned(task.probe(i), claimed, tolerance, $0) } ?? false
      if isUnconfirmed || isDrowned { acceptance = .undecided }
      switch acceptance {
      case .pass:
        verdict = .pass
        if abs(claimed - estimate.value) > estimate.bound {
          reason = "differs measurably, within tolerance"
        }
      case .fail:
        let testimony = try secondTestimony(
          on: task.probe(i), claimed, tolerance, estimate, close: convicting!.step)
        second = testimony.estimate
        let opinion =
          testimony.verdict == .fail ? try task.twin?(i, claimed, tolerance) : nil
        if let opinion, opinion != .fail {
          verdict = .inconclusive
          reason =
            "the same network in Double does not exclude the claimed derivative: corners lie closer "
            + "to the point than the noise lets anyone look"
        } else {
          (verdict, reason) = (testimony.verdict, testimony.reason)
        }
      case .undecided
      where rms == 0 && estimate.bound.isFinite
        && (estimate.isNoiseLimited || estimate.points?.isStationary ?? false)
        && abs(claimed - estimate.value) <= estimate.bound:
        (verdict, reason) = (.vacuous, "the whole gradient is zero here")
      case .undecided where showsKink(measured.finest[i]):
        let points = measured.finest[i].points!
        if points.admitsSubgradient(claimed, z: witness.z) {
          (verdict, reason) = (.kink, "a corner; the claimed slope lies between its two sides")
        } else {
          (verdict, reason) = (.inconclusive, "a corner; the claimed slope lies outside its sides")
        }
      case .undecided where isDrowned:
        (verdict, reason) =
          (.inconclusive, "the noise of the loss is far larger beside the point than at it")
      case .undecided where isUnconfirmed:
        verdict = .inconclusive
        reason =
          "no closer look bears out what the whole step shows: corners, or noise, near the point"
      case .undecided:
        verdict = .inconclusive
        reason =
          estimate.isNoiseLimited
          ? "the noise of the loss is too large" : "the truncation error is too large"
      }
    }
    let bound = max(estimate.bound, second?.bound ?? 0)
    let isCorner = (verdict == .kink || verdict == .inconclusive) && showsKink(measured.finest[i])
    return EntryResult(
      index: task.shape.count == 2 ? [i / task.shape[1], i % task.shape[1]] : [i],
      analytic: claimed, numeric: estimate.value, bound: estimate.bound, step: estimate.step,
      verdict: verdict, reason: reason, secondNumeric: second?.value, secondBound: second?.bound,
      tolerance: tolerance, kink: isCorner ? measured.finest[i].points?.kink : nil,
      sensitivity: rms > 0
        ? relative(
          tolerance + bound + max(bound, estimate.convictionBound(z: witness.z)),
          to: max(abs(estimate.value), rms)) : .infinity)
  }

  /// Whether noise beside the point takes back what `look` saw. Where residuals are nothing but rounding,
  /// at a perfect reconstruction, the noise grows with each step away from the point, and the loss, whose
  /// rounding is the floor, is as small as their squares. So the noise is measured again, by nine points
  /// around x + h; up to a factor of 4 is what ECNoise itself may be off by.
  private func isDrowned(
    _ probe: Probe, _ claimed: Double, _ tolerance: Double, _ look: Estimate
  ) throws -> Bool {
    guard let points = look.points else { return false }
    let spacing = max(points.step / 256, 4 * probe.unitRoundoff * abs(probe.x))
    let values = try (-4...4).map {
      try probe.function(probe.rounded(probe.x + points.step + Double($0) * spacing))
    }
    guard let sigma = DifferenceTable(values).noise, sigma > 4 * points.sigma else { return false }
    return Acceptance(
      claimed: claimed, measured: look.value,
      bound: points.truncationBound + 4.15 * witness.z * sigma / points.step, tolerance: tolerance)
      != .fail
  }

  /// What the second witness says of a claim that the first excludes. Its own starting step decides how
  /// good its bound is, so it may try again from a longer one, and from the closer look's. At none of
  /// these does it begin with points of the first witness.
  private func secondTestimony(
    on probe: Probe, _ claimed: Double, _ tolerance: Double, _ first: Estimate, close: Double
  ) throws -> (estimate: Estimate, verdict: Verdict, reason: String?) {
    var last: (Estimate, Verdict, String?)?
    // GSL's first try is at h and h/2: a third of the step shares no point with it.
    let part = witness.estimator == .fivePoint ? 2.0 : 3
    for step in [first.step / part, 3 * first.step, close / part] {
      let other = try witness.secondEstimate(probe, step: step)
      let excludes =
        other.isFinite
        && Acceptance(
          claimed: claimed, measured: other.value, bound: other.bound, tolerance: tolerance)
          == .fail
      if excludes && abs(other.value - first.value) <= other.bound + first.bound {
        return (other, .fail, nil)
      }
      if last == nil || other.bound < last!.0.bound {
        last = (
          other, .inconclusive,
          excludes
            ? "the two witnesses contradict each other"
            : "the second witness does not exclude the claimed derivative"
        )
      }
    }
    return last!
  }

  /// The five worst: by verdict, then by how far the difference stands above its tolerance.
  private func worst(of entries: [EntryResult]) -> [EntryResult] {
    func rank(_ entry: EntryResult) -> (Int, Double) {
      let class_ =
        switch entry.verdict {
        case .fail: 3
        case .inconclusive: 2
        case .kink: 1
        case .pass, .vacuous: 0
        }
      let excess = entry.difference / max(entry.tolerance, .leastNonzeroMagnitude)
      return (class_, excess.isNaN ? .infinity : excess)
    }
    return Array(
      entries.enumerated().sorted { a, b in
        let (x, y) = (rank(a.element), rank(b.element))
        return x != y ? x > y : a.offset < b.offset
      }.prefix(5).map(\.element))
  }

  private func relative(_ difference: Double, to scale: Double) -> Double {
    difference == 0 ? 0 : difference / scale
  }

  private func largest(_ values: [Double]) -> Double {
    values.contains { $0.isNaN } ? .nan : values.max() ?? 0
  }
}

/// A tensor being measured.
private struct Measurement {
  let task: TensorTask
  let firstStep: Double
  /// The last estimate of each entry, which decides the next step.
  private(set) var last: [Estimate]
  /// The one with the smallest step so far, down to 2^-12 of the first: a kink is one only if it is seen
  /// there. A large step also shows the fourth derivative; a smaller one blurs the slopes of its sides.
  private(set) var finest: [Estimate]
  /// The one with the smallest step of all: the closest look.
  private var nearest: [Estimate]
  /// The smallest step so far that had a corner in it.
  private(set) var cornerStep: [Double]
  /// The one with the smallest bound so far, which decides the verdict; one without a corner if there
  /// is one, because the bound covers a single corner, and several can conspire.
  private(set) var best: [Estimate]
  /// The first corner of each entry that could be located, and the step that saw it.
  private(set) var corners: [Int: (kink: Kink, step: Double)] = [:]
  /// The scale of the measured gradient.
  private(set) var rms = 0.0
  /// Every slope lies within its own error bound of zero.
  private(set) var isZero = true

  private let z: Double

  init(_ task: TensorTask, _ estimates: [Estimate], firstStep: Double, z: Double) {
    self.firstStep = firstStep
    self.z = z
    cornerStep = estimates.map { $0.showsKink(z: z) ? $0.step : .infinity }
    self.task = task
    last = estimates
    finest = estimates
    nearest = estimates
    best = estimates
  }

  /// Remembers the corner that keeps an entry undecided, if its last step shows one with a place.
  mutating func noteCorner(_ i: Int) {
    guard corners[i] == nil, last[i].showsKink(z: z), let kink = last[i].points?.kink else {
      return
    }
    corners[i] = (kink, last[i].step)
  }

  /// The slopes that can be trusted for a scale: finite, and not mostly error.
  var trustedSlopes: [Double] {
    best.filter { $0.isFinite && $0.bound < abs($0.value) }.map(\.value)
  }

  /// Entries that are zero within their bound count as zero, so that one wild entry cannot raise the
  /// scale, and with it the tolerance, of all the others.
  mutating func updateRMS() {
    let trusted = trustedSlopes
    let finite = best.count { $0.isFinite }
    isZero = trusted.isEmpty
    rms =
      finite == 0
      ? 0 : rootMeanSquare(trusted) * (Double(trusted.count) / Double(finite)).squareRoot()
  }

  /// No further look is needed: the claim is accepted, or convicted by the closest look.
  func isUndecided(_ i: Int, _ scale: Double, _ rtol: Double) -> Bool {
    let claimed = task.claim(i, measured: best[i].value)
    guard best[i].isMeasured, claimed.isFinite || task.isMeasuredOnly else { return false }
    guard best[i].isFinite else { return true }
    let tolerance = tolerance(i, scale, rtol)
    switch acceptance(of: best[i], best[i].bound, i, tolerance) {
    case .pass: return false
    case .undecided: return true
    case .fail: return convicting(i, tolerance) == nil
    }
  }
  /// The best estimate excludes the claim.
  func excludesClaim(_ i: Int, _ tolerance: Double) -> Bool {
    acceptance(of: best[i], best[i].bound, i, tolerance) == .fail
  }

  /// The estimate that convicts a claim, if one does: the closest look that the noise allows, or, where
  /// that was clear but fell short, one up to sixteen times as wide.
  func convicting(_ i: Int, _ tolerance: Double) -> Estimate? {
    guard excludesClaim(i, tolerance) else { return nil }
    guard let closest = closestStep(i, tolerance) else { return best[i] }
    let look = last[i]
    // What cannot be seen within the tensor's own size is no error of this tensor's.
    let isClose =
      nearest[i].step <= 1.5 * closest && nearest[i].isClean(z: z)
      && look.step <= min(17 * closest, 16 * task.scale)
    guard isClose, look.isClean(z: z),
      acceptance(of: look, look.convictionBound(z: z), i, tolerance) == .fail
    else { return nil }
    return look
  }

  /// A long step sees little of what lies close to the point: several corners whose higher differences
  /// cancel or drown in the noise, two steep edges of a flat loss. So an excluded claim is convicted only
  /// by the closest look that the noise allows: where the difference r stands half above what
  /// `Estimate.convictionBound` takes, (0.95 + 3.2) z sigma / h = (r - tol) / 1.5.
  /// - Returns: nil where another rule than the five-point one measured.
  private func closestStep(_ i: Int, _ tolerance: Double) -> Double? {
    guard let points = best[i].points else { return nil }
    let smallest = max(task.scale * 0x1p-30, 256 * task.unitRoundoff * abs(task.values[i]))
    let excess = abs(task.claim(i, measured: points.value) - points.value) - tolerance
    return max(smallest, 1.5 * 4.15 * z * points.sigma / excess)
  }

  /// The step of the next look at an entry whose claim is excluded and not yet convicted; nil where a
  /// closer look has nothing to add.
  func closerStep(_ i: Int, _ tolerance: Double) -> Double? {
    guard excludesClaim(i, tolerance), let closest = closestStep(i, tolerance) else { return nil }
    if nearest[i].step > 1.5 * closest { return closest }
    let wider = 4 * last[i].step
    return last[i].isClean(z: z) && wider <= min(17 * closest, best[i].step) ? wider : nil
  }

  private func acceptance(
    of estimate: Estimate, _ bound: Double, _ i: Int, _ tolerance: Double
  ) -> Acceptance {
    Acceptance(
      claimed: task.claim(i, measured: estimate.value), measured: estimate.value, bound: bound,
      tolerance: tolerance)
  }

  func tolerance(_ i: Int, _ scale: Double, _ rtol: Double) -> Double {
    rtol * max(abs(best[i].value), isZero ? scale : rms)
  }

  mutating func refine(_ i: Int, _ next: Estimate) {
    last[i] = next
    if next.step < nearest[i].step { nearest[i] = next }
    if next.step < finest[i].step, next.step > 0.99 / 4096 * firstStep { finest[i] = next }
    let isCorner = next.showsKink(z: z)
    if isCorner { cornerStep[i] = min(cornerStep[i], next.step) }
    guard next.isFinite else { return }
    let previous = best[i]
    guard previous.isFinite else {
      best[i] = next
      return
    }
    // Where two clear looks exclude each other, something lies within the longer step that it did not see.
    if next.isClean(z: z), previous.isClean(z: z),
      abs(next.value - previous.value) > next.bound + previous.bound
    {
      cornerStep[i] = min(cornerStep[i], max(next.step, previous.step))
      if next.step < previous.step { best[i] = next }
      return
    }
    let isBetter =
      previous.showsKink(z: z) == isCorner ? next.bound < previous.bound : !isCorner
    if isBetter { best[i] = next }
  }
}
