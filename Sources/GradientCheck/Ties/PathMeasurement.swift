import GSLKit
import TiedLayers

/// The gradient of one shared parameter through each of its uses, measured the way the whole was: every
/// entry, or the same random directions.
struct PathMeasurement {
  let objective: any PathObjective
  /// The uses that are measured.
  let uses: [Use]
  /// What each of them claims; nil where nothing is claimed.
  let claims: [[Double]?]
  /// The gradient check of the parameter, and of all of them.
  let whole: TensorResult
  let gradient: GradientResult
  let options: CheckOptions
  /// nil where every entry is measured.
  let lines: Lines?

  var parameter: any AnyParameter { objective.parameters[uses[0].parameter] }

  /// The noise and the tolerance of the whole check, for as many numbers as the paths have.
  func tensorCheck(numbers: Int) -> TensorCheck {
    TensorCheck(
      witness: Witness(
        value: gradient.value, sigma: gradient.noise,
        z: Witness.quantile(alpha: options.alpha, entries: gradient.entries.total + numbers),
        estimator: options.estimator),
      rtol: options.rtol, seed: options.seed, progress: options.progress)
  }

  init(
    _ objective: any PathObjective, _ uses: [Use], claims: [[Double]?]?, whole: TensorResult,
    _ gradient: GradientResult, _ options: CheckOptions
  ) {
    let parameter = objective.parameters[uses[0].parameter]
    let zero = [Double](repeating: 0, count: parameter.count)
    self.objective = objective
    self.uses = uses
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
    let count = tasks.reduce(0) { $0 + $1.values.count }
    options.progress?.expect(count)
    return try tensorCheck(numbers: count).run(tasks, wholeScale: whole.measuredScale).tensors
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
}
