import Foundation
import GSLKit
import TiedLayers

/// There is not a single number whose derivative could be checked.
package struct NothingToCheck: Error, CustomStringConvertible {
  package var description: String {
    "there is nothing to check: the point has no entries. Give one with at least one number."
  }
}

/// Compares a claimed gradient with finite differences, entry by entry or along random directions.
public struct GradientChecker {
  /// What the check is asked to do.
  public var options: CheckOptions

  /// Above so many entries the default is to check along directions.
  public static let largestEntrywise = 20_000
  /// How many directions that default takes for each tensor.
  public static let defaultDirections = 4

  /// A checker with these options.
  public init(_ options: CheckOptions = CheckOptions()) { self.options = options }

  /// Checks an objective at its present point, which is left as it was, on the calling thread.
  ///
  /// - Throws: `NothingToCheck`, `NonDeterministicObjective`, `NonFiniteObjective`, or what the objective throws.
  public func check(_ objective: any Objective) throws -> GradientResult {
    try check([objective])
  }

  /// Checks with one thread for each worker. The result is the serial one, bit for bit.
  /// - Parameter makeObjective: makes equal objectives that share nothing.
  public func check(workers: Int, _ makeObjective: @Sendable () throws -> any Objective) throws
    -> GradientResult
  {
    try check((0..<max(workers, 1)).map { _ in try makeObjective() })
  }

  func check(_ objectives: [any Objective]) throws -> GradientResult {
    guard objectives[0].parameters.contains(where: { $0.count > 0 }) else { throw NothingToCheck() }
    let objectives = try objectives.map { try DoubleWitness.lossWitnessed($0, options) }
    let objective = objectives[0]
    let evaluations = Counter()
    let (noise, value) = try Noise.measure(objective, seed: options.seed)
    evaluations.add(noise.evaluations)
    let claims = try objective.gradients()
    func claim(_ p: Int) -> [Double]? { p < claims.count ? claims[p] : nil }
    let parameters = objective.parameters
    let total = parameters.reduce(0) { $0 + $1.count }
    let mode = mode(entries: total)
    let witness = Witness(
      value: value, sigma: noise.deviation,
      z: Witness.quantile(
        alpha: options.alpha,
        entries: mode.directions > 0 ? mode.directions * parameters.count : total),
      estimator: options.estimator)
    let check = TensorCheck(
      witness: witness, rtol: options.rtol, seed: options.seed, progress: options.progress)
    let (tensors, scale) =
      mode.directions > 0
      ? try checkDirections(objectives, mode.directions, claim: claim, check, evaluations)
      : try checkEntries(objectives, claim: claim, check, evaluations)
    // A layer that keeps something from one call to the next has spoiled every difference above.
    let after = try objective.value()
    evaluations.add(1)
    guard after.bitPattern == value.bitPattern else {
      throw NonDeterministicObjective(first: value, second: after)
    }
    let second = try secondPoint(
      objective, tensors, noise: noise.deviation, wholeScale: scale, evaluations)
    let conclusion = GradientConclusion(tensors, wholeScale: scale, second)
    var entries = EntryCounts()
    for tensor in tensors { entries.add(tensor.counts) }
    return GradientResult(
      verdict: conclusion.verdict, estimator: options.estimator, rtol: options.rtol,
      alpha: options.alpha, value: value, noise: noise.deviation, evaluations: evaluations.count,
      sensitivity: tensors.map(\.sensitivity).reduce(0) { $0.isNaN || $0 > $1 ? $0 : $1 },
      mode: mode, isUnfinished: options.progress?.isCancelled ?? false, entries: entries,
      parameters: tensors, reason: conclusion.reason, secondPoint: second)
  }

  /// Every entry of every parameter.
  private func checkEntries(
    _ objectives: [any Objective], claim: (Int) -> [Double]?, _ check: TensorCheck,
    _ evaluations: Counter
  ) throws -> ([TensorResult], Double) {
    options.progress?.expect(objectives[0].parameters.reduce(0) { $0 + $1.count })
    let twin = DoubleTwin.Source(of: objectives[0], options)
    let workers = objectives.map { objective in
      objective.parameters.enumerated().map { p, parameter in
        var task = TensorTask(parameter, claimed: claim(p)) { entry, point in
          evaluations.add(1)
          return try objective.value(changing: parameter, entry: entry, to: point)
        }
        task.twin = twin.opinion(on: task) { twin in
          { try twin.value(changing: twin.parameters[p], entry: $0, to: $1) }
        }
        if let batched = objective as? any BatchedObjective {
          task.batch = { points in
            evaluations.add(points.count)
            return try batched.values(changing: p, points)
          }
        }
        return task
      }
    }
    return try check.run(workers: workers)
  }

  /// - Returns: nil where no second point was asked for, or the check was interrupted.
  private func secondPoint(
    _ objective: any Objective, _ tensors: [TensorResult], noise: Double, wholeScale: Double,
    _ evaluations: Counter
  ) throws -> SecondPointResult? {
    guard options.secondPoint, !objective.claimsAtOnePoint,
      !(options.progress?.isCancelled ?? false)
    else { return nil }
    let before = evaluations.count
    let check = SecondPointCheck(
      objective, options, first: tensors, noise: noise, wholeScale: wholeScale
    ) {
      evaluations.add(1)
      return try objective.value()
    }
    // A tenth of the first point's evaluations: the rest is for looks that need a second try.
    return SecondPointResult(
      try check.run(budget: before / 10), evaluations: evaluations.count - before)
  }

  private func mode(entries: Int) -> CheckMode {
    if let directions = options.directions {
      return CheckMode(
        directions: directions, reason: directions > 0 ? "as asked" : "every entry, as asked")
    }
    return entries <= Self.largestEntrywise
      ? CheckMode(directions: 0, reason: "every entry: \(entries) of them")
      : CheckMode(
        directions: Self.defaultDirections,
        reason:
          "\(entries) entries are more than \(Self.largestEntrywise): random directions, and a "
          + "search for the wrong entries where one fails")
  }

  // MARK: Directions

  private func checkDirections(
    _ objectives: [any Objective], _ count: Int, claim: (Int) -> [Double]?, _ check: TensorCheck,
    _ evaluations: Counter
  ) throws -> ([TensorResult], Double) {
    options.progress?.expect(count * objectives[0].parameters.count)
    let twin = DoubleTwin.Source(of: objectives[0], options)
    let workers = objectives.map { objective in
      objective.parameters.enumerated().map { p, parameter in
        DirectionalTensor(
          parameter: parameter,
          lines: Lines(count: count, entries: parameter.count, seed: options.seed, tensor: p),
          base: parameter.flat, claimed: claim(p)
        ) {
          evaluations.add(1)
          return try objective.value()
        }
      }
    }
    let tasks = workers.map { tensors in
      tensors.enumerated().map { p, tensor in
        var task = tensor.task
        task.twin = twin.opinion(on: task) { twin in
          let parameter = twin.parameters[p]
          return { line, t in
            try parameter.moved(
              tensor.base, along: tensor.lines.vectors[line], by: t, in: 0..<tensor.base.count,
              twin.value)
          }
        }
        return task
      }
    }
    let (found, scale) = try check.run(workers: tasks)
    let tensors = try zip(workers[0], found).map { directional, lines in
      try conclude(directional, lines, check)
    }
    return (tensors, scale)
  }

  private func conclude(
    _ directional: DirectionalTensor, _ lines: TensorResult, _ check: TensorCheck
  ) throws -> TensorResult {
    let parameter = directional.parameter
    let rms = Lines.entryScale(lines.rms, entries: parameter.count)
    let threshold =
      lines.entries.map { $0.detectable(rtol: check.rtol) }.max() ?? .infinity
    let certified = threshold * Foundation.pow(1e6, 1 / Double(lines.entries.count)) / rms
    var worst: [EntryResult] = []
    var unresolved: [Range<Int>] = []
    var reason = lines.reason
    if directional.claimed?.count == parameter.count,
      let line = lines.entries.indices.first(where: { lines.entries[$0].verdict == .fail })
    {
      let located = try directional.locate(line: line, lines.entries[line], witness: check.witness)
      unresolved = located.unresolved
      worst = try located.entries.map { try single($0, directional, scale: rms, check) }
      reason = "\(lines.counts.fail) of \(lines.counts.total) directions fail"
    } else if let claimed = directional.claimed, claimed.count != parameter.count {
      reason =
        "the gradient claimed for \(parameter.name) has \(claimed.count) elements; expected "
        + "\(parameter.count) (\(shapeText(parameter.shape)))."
    }
    var result = TensorResult(
      name: parameter.name, shape: parameter.shape, verdict: lines.verdict, reason: reason,
      maxRelativeError: lines.maxRelativeError, rms: rms, sensitivity: certified,
      counts: lines.counts, unused: 0, unusedRows: 0, unusedColumns: 0,
      differingMeasurably: lines.differingMeasurably,
      worst: worst,
      directions: DirectionReport(
        count: lines.entries.count, threshold: threshold, certified: certified,
        unresolved: unresolved.map { [$0.lowerBound, $0.upperBound - 1] }))
    result.lines = TensorResult.MeasuredLines(rms: lines.rms, entries: lines.entries)
    return result
  }

  /// One entry of a directional tensor, checked by itself.
  private func single(
    _ index: Int, _ directional: DirectionalTensor, scale: Double, _ check: TensorCheck
  ) throws -> EntryResult {
    let parameter = directional.parameter
    let task = TensorTask(
      lines: parameter.name, claimed: [directional.claimed![index]], count: 1,
      scale: tensorScale(directional.base), unitRoundoff: parameter.unitRoundoff
    ) { _, t in
      let saved = parameter[index]
      defer { parameter[index] = saved }
      parameter[index] = saved + t
      return try directional.value()
    }
    return try check.run([task], wholeScale: scale).tensors[0].entries[0]
      .at(parameter.position(of: index))
  }
}

/// How often the loss was evaluated, by all threads together.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var total = 0

  func add(_ n: Int) { lock.withLock { total += n } }
  var count: Int { lock.withLock { total } }
}

extension EntryCounts {
  mutating func add(_ other: EntryCounts) {
    total += other.total
    pass += other.pass
    fail += other.fail
    inconclusive += other.inconclusive
    kink += other.kink
    vacuous += other.vacuous
  }
}
