import GSLKit
import TiedLayers

/// The gradient of one shared parameter through each of its uses, measured the way the whole was: every
/// entry, or the same random directions.
struct PathMeasurement {
  let objective: any PathObjective
  let uses: [Use]
  /// What each use claims, in the order of `uses`; nil where nothing is claimed.
  let claims: [[Double]?]
  /// Whether the objective says what single uses claim.
  let isClaimed: Bool
  /// The gradient check of the parameter, and of all of them.
  let whole: TensorResult
  let gradient: GradientResult
  let options: CheckOptions
  private let lines: Lines?

  private var parameter: any AnyParameter { objective.parameters[uses[0].parameter] }

  init(
    _ objective: any PathObjective, _ uses: [Use], claims: [[Double]?]?, whole: TensorResult,
    _ gradient: GradientResult, _ options: CheckOptions
  ) {
    let parameter = objective.parameters[uses[0].parameter]
    let zero = [Double](repeating: 0, count: parameter.count)
    self.objective = objective
    self.uses = uses
    isClaimed = claims != nil
    // A use for which nothing is claimed contributes zeros.
    self.claims = claims.map { $0.map { $0 ?? zero } } ?? uses.map { _ in nil }
    self.whole = whole
    self.gradient = gradient
    self.options = options
    lines = whole.directions.map {
      Lines(
        count: $0.count, entries: parameter.count, seed: options.seed, tensor: uses[0].parameter)
    }
  }

  /// One tensor for each use.
  func run() throws -> [TensorResult] {
    let twin = DoubleTwin.Source(of: objective, options)
    let tasks = try zip(uses, claims).map { use, claimed in
      var task = try task(objective, use, claimed: claimed)
      task.twin = twin.opinion(on: task) { twin in
        guard let twin = twin as? any PathObjective else { return nil }
        return try self.task(twin, use, claimed: claimed).function
      }
      return task
    }
    let witness = Witness(
      value: gradient.value, sigma: gradient.noise,
      z: Witness.quantile(
        alpha: options.alpha,
        entries: tasks.reduce(gradient.entries.total) { $0 + $1.values.count }),
      estimator: options.estimator)
    return try TensorCheck(
      witness: witness, rtol: options.rtol, seed: options.seed, progress: options.progress
    ).run(tasks, wholeScale: whole.measuredScale).tensors
  }

  private func task(
    _ objective: any PathObjective, _ use: Use, claimed: [Double]?
  ) throws -> TensorTask {
    let parameter = objective.parameters[use.parameter]
    let function = try objective.pathFunction(use)
    var task: TensorTask
    if let lines {
      let base = parameter.flat
      task = TensorTask(
        lines: use.name, claimed: claimed.map { lines.project($0) ?? [] },
        count: lines.vectors.count, scale: tensorScale(base),
        unitRoundoff: parameter.unitRoundoff
      ) { line, t in
        try function(.values(zip(base, lines.vectors[line]).map { $0 + t * $1 }))
      }
    } else {
      task = TensorTask(parameter, named: use.name, claimed: claimed) { entry, point in
        try function(.entry(entry, to: point))
      }
      if let batched = objective as? any BatchedPathObjective {
        task.batch = { try batched.values(changing: use, $0) }
      }
    }
    task.isMeasuredOnly = claimed == nil
    return task
  }

  // MARK: Results

  /// Each path with its norm and its share of the whole.
  ///
  /// Along directions a path's norm is estimated from its slopes, and the shares are those of the
  /// claims, which the directions have verified or convicted.
  func paths(_ measured: [TensorResult]) -> [TieGroup.Path] {
    let count = parameter.count
    let zero = [Double](repeating: 0, count: count)
    let byEntry = lines == nil
    let total =
      byEntry
      ? whole.numeric : claims.reduce(zero) { zip($0, $1 ?? zero).map(+) }
    let square = innerProduct(total, total)
    // Paths that cancel leave a whole of nothing but error, and parts of nothing are no shares.
    let error = byEntry ? euclideanNorm(whole.bounds) : 0
    let hasShares = square > error * error
    return zip(uses, zip(claims, measured)).map { use, found in
      let (claimed, path) = found
      let contribution = byEntry ? path.numeric : claimed ?? zero
      return TieGroup.Path(
        layer: use.layerName, use: use.detail,
        norm: byEntry
          ? euclideanNorm(contribution)
          : norm(ofSlopes: path.numeric),
        claimedNorm: claimed.map {
          byEntry ? euclideanNorm($0) : norm(ofSlopes: path.entries.map(\.analytic))
        },
        share: hasShares ? innerProduct(contribution, total) / square : 0,
        verdict: path.verdict, maxRelativeError: path.maxRelativeError)
    }
  }

  /// The norm of a gradient, estimated from its slopes along the directions. Claims are estimated from
  /// the very same directions, so that the two can be compared.
  private func norm(ofSlopes slopes: [Double]) -> Double {
    Lines.entryScale(rootMeanSquare(slopes), entries: parameter.count)
      * Double(parameter.count).squareRoot()
  }

  /// The paths against the whole. What is measured must agree within the error bounds, what is claimed
  /// within rounding.
  func sumRule(_ paths: [TensorResult]) -> TieGroup.SumRule {
    let unitRoundoff = objective.gradientUnitRoundoff
    var verdict = Verdict.pass
    var (largest, largestClaimed) = (0.0, 0.0)
    let claimedRMS = rootMeanSquare(whole.measuredEntries.map(\.analytic))
    for i in whole.measuredEntries.indices {
      let entry = whole.measuredEntries[i]
      var (sum, claimed, bound) = (0.0, 0.0, entry.bound)
      for path in paths {
        sum += path.entries[i].numeric
        claimed += path.entries[i].analytic
        bound += path.entries[i].bound
      }
      let error = abs(sum - entry.numeric)
      let claimedError = abs(claimed - entry.analytic)
      if !(error <= bound) {
        // A bound that is exceeded where kinks or non-finite losses lie proves nothing.
        let isFinite = sum.isFinite && entry.numeric.isFinite
        verdict = Verdict.overall([verdict, isFinite ? .fail : .inconclusive])
      }
      if error > 0 { largest = max(largest, error / max(abs(entry.numeric), whole.measuredScale)) }
      guard isClaimed else { continue }
      // Additions in another order: a few roundings of the terms.
      let terms = paths.reduce(abs(entry.analytic)) { $0 + abs($1.entries[i].analytic) }
      if !(claimedError <= 1e4 * unitRoundoff * max(terms, claimedRMS)) {
        verdict = .fail
      }
      if claimedError > 0 {
        largestClaimed = max(largestClaimed, claimedError / max(abs(entry.analytic), claimedRMS))
      }
    }
    return .init(
      verdict: verdict, maxRelativeError: largest,
      maxClaimedError: isClaimed ? largestClaimed : nil)
  }
}
