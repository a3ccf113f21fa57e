import GSLKit

/// A tensor being measured: what is known of each entry, and of the scale of the gradient.
struct TensorMeasurement {
  let task: TensorTask
  private(set) var entries: [EntryHistory]
  /// The scale of the measured gradient.
  private(set) var rms = 0.0
  /// Every slope lies within its own error bound of zero.
  private(set) var isZero = true

  init(_ task: TensorTask, _ estimates: [Estimate], z: Double) {
    self.task = task
    entries = estimates.enumerated().map { i, estimate in
      EntryHistory(
        estimate, claimed: task.claim(i),
        limits: EntryHistory.StepLimits(
          first: estimate.step, smallest: task.finestStep(i), size: abs(task.values[i]),
          scale: task.entryScale(i)), z: z)
    }
  }

  /// The slopes that can be trusted for a scale: finite, and not mostly error.
  var trustedSlopes: [Double] {
    entries.map(\.best).filter { $0.isFinite && $0.bound < abs($0.value) }.map(\.value)
  }

  /// Entries that are zero within their bound count as zero, so that one wild entry cannot raise the
  /// scale, and with it the tolerance, of all the others.
  mutating func updateRMS() {
    let trusted = trustedSlopes
    let finite = entries.count { $0.best.isFinite }
    isZero = trusted.isEmpty
    rms =
      finite == 0
      ? 0 : rootMeanSquare(trusted) * (Double(trusted.count) / Double(finite)).squareRoot()
  }

  /// The tensor's scale, or the whole gradient's where the tensor is zero here.
  func scale(whole: Double) -> Double {
    let own = isZero ? whole : rms
    guard case .atLeast(let floor) = task.toleranceScale else { return own }
    return max(own, floor)
  }

  func tolerance(_ entry: Int, rtol: Double, whole: Double) -> Double {
    if case .absolute(let tolerance) = task.toleranceScale { return tolerance }
    return rtol * max(abs(entries[entry].best.value), scale(whole: whole))
  }

  /// The entries that need another look, each with its step.
  func nextLooks(rtol: Double, whole: Double) -> [(entry: Int, step: Double)] {
    entries.indices.compactMap { i in
      entries[i].nextStep(tolerance: tolerance(i, rtol: rtol, whole: whole)).map { (i, $0) }
    }
  }

  /// A random sample of the accepted entries, one in 25 and at least one, each with the step of the closest look.
  func sampledLooks(rtol: Double, whole: Double, _ random: RandomSource) -> [(
    entry: Int, step: Double
  )] {
    let count = (entries.count + 24) / 25
    return closestLooks(
      random.permutation(of: entries.count).prefix(count), rtol: rtol, whole: whole)
  }

  /// The accepted ones among some entries, each with the step of the closest look.
  func closestLooks(
    _ asked: some Sequence<Int>, rtol: Double, whole: Double
  ) -> [(entry: Int, step: Double)] {
    let scale = scale(whole: whole)
    return asked.compactMap { i in
      entries[i].closestLook(tolerance: tolerance(i, rtol: rtol, whole: whole), scale: scale)
        .map { (i, $0) }
    }
  }

  /// - Returns: whether it contradicts what accepted the claim.
  mutating func compare(_ look: Estimate, withAccepted entry: Int) -> Bool {
    entries[entry].compare(withClosest: look)
    return entries[entry].isContradicted
  }

  mutating func add(_ look: Estimate, to entry: Int, noteCorner: Bool) {
    if noteCorner { entries[entry].noteCorner() }
    entries[entry].add(look)
  }

  /// The share of entries that showed a corner within a step, by the length of the step.
  func cornerShares() -> (_ step: Double) -> Double {
    let steps = entries.map(\.cornerStep).filter(\.isFinite).sorted()
    let count = Double(entries.count)
    return { step in Double(steps.partitioningIndex { $0 > step }) / count }
  }

  /// How many rows (axis 0) or columns (axis 1) of a kernel are unused throughout.
  func unusedSlices(along axis: Int) -> Int {
    let shape = task.shape
    guard shape.count == 2 else { return 0 }
    return (0..<shape[axis]).count { slice in
      (0..<shape[1 - axis]).allSatisfy { other in
        let (i, j) = axis == 0 ? (slice, other) : (other, slice)
        return entries[i * shape[1] + j].last.isFlat
      }
    }
  }
}

extension Array {
  /// Where the elements begin that satisfy a condition, if they all stand at the end.
  fileprivate func partitioningIndex(where condition: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
