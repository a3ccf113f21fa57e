import GSLKit

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
    var work = try workers[0].indices.map { t in try firstLooks(workers.map { $0[t] }) }
    // The tolerance depends on all entries and an entry's step on the tolerance: rounds, in each of
    // which every entry still undecided gets one better step.
    var scale = wholeScale ?? 0
    for round in 0...Self.refinements {
      for t in work.indices { work[t].updateRMS() }
      scale = wholeScale ?? rootMeanSquare(work.flatMap(\.trustedSlopes))
      guard round < Self.refinements else { break }
      var isSettled = true
      for t in work.indices {
        let undecided = work[t].nextLooks(rtol: rtol, whole: scale)
        if undecided.isEmpty || progress?.isCancelled ?? false { continue }
        isSettled = false
        let better = try measure(undecided, workers.map { $0[t] }, mayStop: false)
        for ((entry, _), estimate) in zip(undecided, better) {
          work[t].add(estimate, to: entry, noteCorner: scale > 0)
        }
      }
      if isSettled { break }
    }
    for t in work.indices where !(progress?.isCancelled ?? false) {
      try lookClosely(at: &work[t], workers.map { $0[t] }, whole: scale)
    }
    return (try work.map { try conclude($0, whole: scale) }, scale)
  }

  /// Weighs what is claimed for the derivative of a function of one number t at t = 0.
  /// - Parameters:
  ///   - stepScale: the size of t at which the function changes in earnest; steps are measured in it.
  ///   - toleranceScale: what a difference is compared with.
  ///   - unitRoundoff: that of the function's arithmetic.
  func check(
    derivative claimed: Double, stepScale: Double,
    toleranceScale: TensorTask.ToleranceScale = .tensor,
    unitRoundoff: Double, of function: @escaping (_ t: Double) throws -> Double
  ) throws -> EntryResult {
    var task = TensorTask(
      lines: "t", claimed: [claimed], count: 1, scale: stepScale, unitRoundoff: unitRoundoff
    ) { _, t in try function(t) }
    task.toleranceScale = toleranceScale
    return try run([task]).tensors[0].entries[0]
  }

  // MARK: Measuring

  /// - Parameter tasks: one and the same for each worker.
  private func firstLooks(_ tasks: [TensorTask]) throws -> TensorMeasurement {
    let task = tasks[0]
    // Entries far smaller than their tensor say nothing about the others' steps, nor these about theirs.
    let pilots = RandomSource(seed: seed).permutation(of: task.values.count)
      .filter { task.entryScale($0) == task.scale }.prefix(3)
    let step = try witness.pilotStep(pilots.map(task.probe), scale: task.scale, rtol: rtol)
    let estimates = try measure(
      task.values.indices.map { ($0, step * (task.entryScale($0) / task.scale)) }, tasks,
      mayStop: true)
    return TensorMeasurement(task, estimates, z: witness.z)
  }

  /// Compares accepted entries with the closest look that noise allows: a sample, and where one of it is
  /// contradicted, all of the tensor.
  private func lookClosely(
    at measured: inout TensorMeasurement, _ tasks: [TensorTask], whole: Double
  ) throws {
    func isContradicted(_ looks: [(entry: Int, step: Double)]) throws -> Bool {
      let found = try measure(looks, tasks, mayStop: false)
      var isContradicted = false
      for (look, estimate) in zip(looks, found)
      where measured.compare(estimate, withAccepted: look.entry) { isContradicted = true }
      return isContradicted
    }
    let random = RandomSource(seed: seed &+ 1)
    if try isContradicted(measured.sampledLooks(rtol: rtol, whole: whole, random)) {
      let all = measured.closestLooks(measured.entries.indices, rtol: rtol, whole: whole)
      _ = try isContradicted(all)
    }
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

  // MARK: Verdicts

  private func conclude(_ measured: TensorMeasurement, whole: Double) throws -> TensorResult {
    let task = measured.task
    let rms = measured.scale(whole: whole)
    let cornerShare = measured.cornerShares()
    let entries = try task.values.indices.map { i in
      try EntryJudge(
        witness: witness, task: task, entry: i, history: measured.entries[i], rms: rms,
        tolerance: measured.tolerance(i, rtol: rtol, whole: whole),
        cornerShare: cornerShare
      ).result()
    }
    var counts = EntryCounts()
    for entry in entries { counts.add(entry.verdict) }
    let verdict =
      task.malformation != nil ? .fail : Verdict.overall(entries.lazy.map(\.verdict))
    var result = TensorResult(
      name: task.name, shape: task.shape, verdict: verdict, reason: task.malformation,
      maxRelativeError: largest(
        entries.map { relative($0.difference, to: max(abs($0.numeric), rms)) }),
      rms: rms, sensitivity: largest(entries.map(\.sensitivity)), counts: counts,
      unused: measured.entries.count { $0.last.isFlat },
      unusedRows: measured.unusedSlices(along: 0), unusedColumns: measured.unusedSlices(along: 1),
      differingMeasurably: entries.count { $0.verdict == .pass && $0.differsMeasurably },
      worst: worst(of: entries), entries: entries)
    result.corners = measured.entries.enumerated().compactMap { i, history in
      history.corner.map { (entry: i, kink: $0.kink, step: $0.step) }
    }
    return result
  }

  /// The five worst: by verdict, then by how far the difference stands above its tolerance.
  private func worst(of entries: [EntryResult]) -> [EntryResult] {
    func rank(_ entry: EntryResult) -> (Int, Double) {
      let severity =
        switch entry.verdict {
        case .fail: 3
        case .inconclusive: 2
        case .kink: 1
        case .pass, .vacuous: 0
        }
      let excess = entry.difference / max(entry.tolerance, .leastNonzeroMagnitude)
      return (severity, excess.isNaN ? .infinity : excess)
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
