import GSLKit
import TiedLayers

/// A tensor whose claimed gradient is to be checked, entry by entry.
struct TensorTask {
  let name: String
  let shape: [Int]
  /// The claim, in row order; nil if there is none.
  let claimed: [Double]?
  /// The point.
  let values: [Double]
  let unitRoundoff: Double
  let rounded: (Double) -> Double
  /// The loss with one entry at another value.
  let function: (_ entry: Int, _ point: Double) throws -> Double

  init(
    _ parameter: any AnyParameter, named name: String? = nil, claimed: [Double]?,
    function: @escaping (Int, Double) throws -> Double
  ) {
    self.name = name ?? parameter.name
    shape = parameter.shape
    self.claimed = claimed
    values = parameter.flat
    unitRoundoff = parameter.unitRoundoff
    rounded = parameter.rounded
    self.function = function
  }

  func probe(_ entry: Int) -> Probe {
    Probe(x: values[entry], unitRoundoff: unitRoundoff, rounded: rounded) {
      try function(entry, $0)
    }
  }

  /// Why the claim cannot even be compared.
  var malformation: String? {
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
  /// Called with the number of entries measured since the last call.
  var progress: ((Int) -> Void)?

  private static let refinements = 4

  /// - Parameter wholeScale: the scale for tensors that are zero here; nil to take it from the
  ///   nonzero tensors among these.
  func run(_ tasks: [TensorTask], wholeScale: Double? = nil) throws -> (
    tensors: [TensorResult], wholeScale: Double
  ) {
    var work = try tasks.map { task in
      var measured = Measurement(task)
      let random = RandomSource(seed: seed)
      let pilots = random.permutation(of: task.values.count).prefix(3).map(task.probe)
      let step = try witness.pilotStep(
        Array(pilots), scale: tensorScale(task.values), rtol: rtol)
      for entry in task.values.indices {
        measured.estimates.append(try witness.estimate(task.probe(entry), step: step))
        if entry % 64 == 63 { progress?(64) }
      }
      progress?(task.values.count % 64)
      return measured
    }

    // The tolerance depends on all entries and an entry's step on the tolerance: rounds, in each of
    // which every entry still undecided gets one better step.
    var scale = wholeScale ?? 0
    for round in 0...Self.refinements {
      for t in work.indices { work[t].updateRMS() }
      scale = wholeScale ?? Self.scale(of: work)
      guard round < Self.refinements else { break }
      var isSettled = true
      for t in work.indices {
        for entry in work[t].estimates.indices where work[t].isUndecided(entry, scale, rtol) {
          let current = work[t].estimates[entry]
          let factor =
            current.isFinite && current.isNoiseLimited && !showsKink(current) ? 2.5 : 0.125
          let next = try witness.estimate(
            work[t].task.probe(entry), step: work[t].steps[entry] * factor)
          work[t].refine(entry, next, factor: factor)
          isSettled = false
        }
      }
      if isSettled { break }
    }
    return (try work.map { try conclude($0, scale: scale) }, scale)
  }

  /// The root mean square over every tensor that is not zero here.
  private static func scale(of work: [Measurement]) -> Double {
    let slopes = work.filter { !$0.isZero }.flatMap { $0.finiteSlopes }
    return rootMeanSquare(slopes)
  }

  private func showsKink(_ estimate: Estimate) -> Bool {
    estimate.points?.showsKink(z: witness.z) ?? false
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
    return TensorResult(
      name: task.name, shape: task.shape, verdict: verdict, reason: task.malformation,
      maxRelativeError: largest(
        entries.map { relative($0.difference, to: max(abs($0.numeric), rms)) }),
      rms: rms, sensitivity: largest(entries.map(\.sensitivity)), counts: counts,
      unused: measured.estimates.count { $0.isFlat },
      differingMeasurably: entries.count { $0.verdict == .pass && $0.differsMeasurably },
      worst: worst(of: entries), entries: entries)
  }

  private func concludeEntry(_ i: Int, _ measured: Measurement, rms: Double) throws -> EntryResult {
    let task = measured.task
    let estimate = measured.best[i]
    let claimed = task.malformation == nil ? task.claimed![i] : Double.nan
    let tolerance = rtol * max(abs(estimate.value), rms)
    var second: Estimate?
    var reason: String?
    let verdict: Verdict
    if task.malformation != nil {
      verdict = .fail
    } else if !claimed.isFinite {
      (verdict, reason) = (.fail, "the claimed derivative is \(claimed), not a finite number")
    } else if !estimate.isFinite {
      (verdict, reason) = (.inconclusive, "the loss is not finite near this entry")
    } else {
      switch Acceptance(
        claimed: claimed, measured: estimate.value, bound: estimate.bound, tolerance: tolerance)
      {
      case .pass:
        verdict = .pass
        if abs(claimed - estimate.value) > estimate.bound {
          reason = "differs measurably, within tolerance"
        }
      case .fail:
        let other = try witness.secondEstimate(task.probe(i), step: estimate.step)
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
      case .undecided where rms == 0 && abs(claimed - estimate.value) <= estimate.bound:
        (verdict, reason) = (.vacuous, "the whole gradient is zero here")
      case .undecided where showsKink(measured.last[i]):
        let points = measured.last[i].points!
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
    return EntryResult(
      index: task.shape.count == 2 ? [i / task.shape[1], i % task.shape[1]] : [i],
      analytic: claimed, numeric: estimate.value, bound: estimate.bound, step: estimate.step,
      verdict: verdict, reason: reason, secondNumeric: second?.value, secondBound: second?.bound,
      tolerance: tolerance,
      sensitivity: relative(tolerance + 2 * bound, to: max(abs(estimate.value), rms)))
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
  /// The last estimate of each entry, which decides the next step, and the best one so far.
  var estimates: [Estimate] = []
  private var improved: [Int: Estimate] = [:]
  private var refinedSteps: [Int: Double] = [:]
  private(set) var rms = 0.0

  init(_ task: TensorTask) { self.task = task }

  var last: [Estimate] { estimates }
  var best: BestEstimates { BestEstimates(last: estimates, improved: improved) }
  var steps: Steps { Steps(last: estimates, refined: refinedSteps) }
  /// Every slope lies within its own error bound of zero.
  var isZero: Bool {
    let best = best
    return task.values.indices.allSatisfy {
      !best[$0].isFinite || abs(best[$0].value) <= best[$0].bound
    }
  }

  /// The slopes that can be trusted for a scale: finite, and not mostly error.
  var finiteSlopes: [Double] {
    let best = best
    return task.values.indices.compactMap { i in
      best[i].isFinite && best[i].bound <= max(abs(best[i].value), 0) ? best[i].value : nil
    }
  }

  mutating func updateRMS() {
    let best = best
    let finite = task.values.indices.map { best[$0] }.filter(\.isFinite)
    let trusted = finite.filter { $0.bound <= abs($0.value) }
    // Entries that are zero within their bound count as zero, so that one wild one cannot raise
    // the scale, and with it the tolerance, of all the others.
    rms =
      finite.isEmpty
      ? 0
      : rootMeanSquare(trusted.map(\.value))
        * (Double(trusted.count) / Double(finite.count)).squareRoot()
  }

  func isUndecided(_ i: Int, _ scale: Double, _ rtol: Double) -> Bool {
    guard task.malformation == nil, task.claimed![i].isFinite else { return false }
    let estimate = best[i]
    guard estimate.isFinite else { return true }
    let rms = isZero ? scale : self.rms
    return Acceptance(
      claimed: task.claimed![i], measured: estimate.value, bound: estimate.bound,
      tolerance: rtol * max(abs(estimate.value), rms)) == .undecided
  }

  mutating func refine(_ i: Int, _ next: Estimate, factor: Double) {
    let previous = best[i]
    refinedSteps[i] = steps[i] * factor
    if next.isFinite && (!previous.isFinite || next.bound < previous.bound) {
      improved[i] = next
    } else {
      improved[i] = previous
    }
    estimates[i] = next
  }
}

private struct BestEstimates {
  let last: [Estimate]
  let improved: [Int: Estimate]
  subscript(i: Int) -> Estimate { improved[i] ?? last[i] }
}

private struct Steps {
  let last: [Estimate]
  let refined: [Int: Double]
  subscript(i: Int) -> Double { refined[i] ?? last[i].step }
}
