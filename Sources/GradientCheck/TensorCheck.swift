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

  private static let refinements = 4

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
      work.append(Measurement(task, estimates, z: witness.z))
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
        let undecided = measured.last.indices.filter { measured.isUndecided($0, scale, rtol) }
        if undecided.isEmpty || progress?.isCancelled ?? false { continue }
        isSettled = false
        let steps = undecided.map { entry in
          betterStep(
            measured.last[entry], measured.tolerance(entry, scale, rtol),
            below: measured.cornerStep[entry])
        }
        let better = try measure(
          Array(zip(undecided, steps)), workers.map { $0[t] }, mayStop: false)
        for (entry, estimate) in zip(undecided, better) {
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

  /// The step for another try. A kink asks for h/8. Noise asks for the step at which it is a quarter of
  /// the tolerance, at most 64 h: the third derivative will show if that was too much. Where both parts
  /// of the bound are seen, E = a/h + b h^2 is least at (a / 2b)^(1/3).
  /// - Parameter cornerStep: the smallest step so far that had a corner in it.
  private func betterStep(
    _ current: Estimate, _ tolerance: Double, below cornerStep: Double
  ) -> Double {
    guard current.isFinite, !showsKink(current) else { return current.step / 8 }
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
    var estimate = measured.best[i]
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
      if acceptance == .fail {
        if let convicting = measured.convicting(i, tolerance) {
          estimate = convicting
        } else {
          acceptance = .undecided
        }
      }
      switch acceptance {
      case .pass:
        verdict = .pass
        if abs(claimed - estimate.value) > estimate.bound {
          reason = "differs measurably, within tolerance"
        }
      case .fail:
        let other = try witness.secondEstimate(task.probe(i), step: estimate.step / 2)
        second = other
        let agrees =
          other.isFinite
          && Acceptance(
            claimed: claimed, measured: other.value, bound: other.bound, tolerance: tolerance)
            == .fail
        if agrees && abs(other.value - estimate.value) <= other.bound + estimate.bound {
          verdict = .fail
        } else {
          verdict = .inconclusive
          reason =
            agrees
            ? "the two witnesses contradict each other"
            : "the second witness does not exclude the claimed derivative"
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
  /// The last estimate of each entry, which decides the next step.
  private(set) var last: [Estimate]
  /// The one with the smallest step so far: a kink is one only if it is seen there. A large step also
  /// shows the fourth derivative.
  private(set) var finest: [Estimate]
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

  /// The one with the smallest bound among those whose differences show nothing but noise: only such
  /// a one convicts. A bound made of visible higher differences supposes that the step resolves the
  /// function; a step that spans two steep edges of a flat loss does not. Nor does one far beyond the
  /// tensor's own size, unless a slope was seen within that size.
  private(set) var clean: [Estimate?]
  private var isSeen: [Bool]
  /// The noise of Double hides hardly a corner; there a slope may be seen at any step before.
  private let hidesLittle: Bool
  private let z: Double

  init(_ task: TensorTask, _ estimates: [Estimate], z: Double) {
    self.z = z
    let hidesLittle = task.unitRoundoff < 1e-10
    self.hidesLittle = hidesLittle
    let seen = estimates.map { $0.showsSlope(within: 16 * task.scale, z: z) }
    isSeen = seen
    clean = zip(estimates, seen).map { estimate, isSeen in
      let isNear = estimate.step <= 16 * task.scale || isSeen || hidesLittle
      return isNear && estimate.isClean(z: z) ? estimate : nil
    }
    cornerStep = estimates.map { $0.showsKink(z: z) ? $0.step : .infinity }
    self.task = task
    last = estimates
    finest = estimates
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

  func isUndecided(_ i: Int, _ scale: Double, _ rtol: Double) -> Bool {
    let claimed = task.claim(i, measured: best[i].value)
    guard best[i].isMeasured, claimed.isFinite || task.isMeasuredOnly else { return false }
    guard best[i].isFinite else { return true }
    switch Acceptance(
      claimed: claimed, measured: best[i].value, bound: best[i].bound,
      tolerance: tolerance(i, scale, rtol))
    {
    case .pass: return false
    case .undecided: return true
    case .fail: return convicting(i, tolerance(i, scale, rtol)) == nil
    }
  }

  /// The estimate that convicts a claim, if one does.
  func convicting(_ i: Int, _ tolerance: Double) -> Estimate? {
    guard let clean = clean[i] else { return nil }
    return Acceptance(
      claimed: task.claim(i, measured: clean.value), measured: clean.value,
      bound: clean.convictionBound(z: z),
      tolerance: tolerance) == .fail ? clean : nil
  }

  func tolerance(_ i: Int, _ scale: Double, _ rtol: Double) -> Double {
    rtol * max(abs(best[i].value), isZero ? scale : rms)
  }

  mutating func refine(_ i: Int, _ next: Estimate) {
    let previous = last[i]
    last[i] = next
    if next.step < finest[i].step { finest[i] = next }
    let isCorner = next.showsKink(z: z)
    if isCorner { cornerStep[i] = min(cornerStep[i], next.step) }
    guard next.isFinite else { return }
    if next.showsSlope(within: 16 * task.scale, z: z) { isSeen[i] = true }
    let isNear =
      next.step <= 16 * task.scale || isSeen[i]
      || (hidesLittle && abs(previous.value) > previous.bound)
    if isNear, next.isClean(z: z), next.bound < clean[i]?.bound ?? .infinity { clean[i] = next }
    let isBetter =
      best[i].showsKink(z: z) == isCorner ? next.bound < best[i].bound : !isCorner
    if !best[i].isFinite || isBetter { best[i] = next }
  }
}
