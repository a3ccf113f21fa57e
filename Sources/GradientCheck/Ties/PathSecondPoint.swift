import GSLKit
import TiedLayers

/// The claims of single uses at a second point: what a use claims may be right at the described point only,
/// and a use that is silent there is heard close by.
///
/// Each path is measured along one random direction: four evaluations where it agrees, a full check with the
/// noise of that point where it does not.
struct PathSecondPoint {
  let measurement: PathMeasurement
  /// The same paths at the described point.
  let first: [TensorResult]

  /// - Returns: one result for each measured use; none where the loss is not a number at the second point.
  func run() throws -> [TieGroup.SecondPoint] {
    let (objective, options) = (measurement.objective, measurement.options)
    guard options.secondPoint, objective.claimsByUse,
      measurement.claims.contains(where: { $0 != nil })
    else {
      return []
    }
    let point = SecondPoint(objective.parameters, seed: options.seed)
    return try point.standing(objective.parameters) {
      guard let value = try? objective.value(), value.isFinite else { return [] }
      let claims = try objective.gradientsByUse()
      let zero = [Double](repeating: 0, count: measurement.parameter.count)
      let uses = objective.uses
      // Made here, so that it stands at the second point.
      let twin = DoubleTwin.Source(of: objective, options)
      var noise: Double?
      return try measurement.uses.enumerated().map { u, use in
        let claimed = uses.firstIndex(of: use).flatMap { claims[$0] } ?? zero
        let task = try self.task(use, claimed, twin)
        let screen = Witness(
          value: value, sigma: measurement.gradient.noise,
          z: Witness.quantile(alpha: options.alpha, entries: measurement.uses.count),
          estimator: .fivePoint)
        if let passed = try screened(task, u, screen) { return passed }
        if noise == nil {
          noise = try Noise.measure(objective, seed: options.seed).0.deviation
        }
        return try tried(task, u, value: value, noise: noise!, z: screen.z)
      }
    }
  }

  private func task(_ use: Use, _ claimed: [Double], _ twin: DoubleTwin.Source) throws
    -> TensorTask
  {
    let parameter = measurement.parameter
    let base = parameter.flat
    let line = Lines(
      count: 1, entries: parameter.count, seed: measurement.options.seed &+ 0x5EC0_0D,
      tensor: use.parameter)
    func along(_ objective: any PathObjective) throws -> (_ line: Int, _ t: Double) throws -> Double
    {
      let function = try objective.pathFunction(use)
      return { _, t in
        try function(.values(zip(base, line.vectors[0]).map { $0 + t * $1 }))
      }
    }
    var task = TensorTask(
      lines: use.name, claimed: line.project(claimed) ?? [], count: 1,
      scale: tensorScale(base), unitRoundoff: parameter.unitRoundoff,
      function: try along(measurement.objective))
    task.toleranceScale = .atLeast(usualSlope)
    task.twin = twin.opinion(on: task) { twin in
      guard let twin = twin as? any PathObjective else { return nil }
      return try along(twin)
    }
    return task
  }

  /// The slope along a line that the whole gradient would usually have: paths of one parameter are weighed on
  /// one scale, because what they add up to is.
  private var usualSlope: Double {
    let whole = measurement.whole
    guard measurement.lines == nil else { return whole.measuredScale }
    return whole.measuredScale * (13.0 / 12 * Double(measurement.parameter.count)).squareRoot()
  }

  /// A path whose first look agrees passes; nil where it needs a trial.
  private func screened(_ task: TensorTask, _ u: Int, _ witness: Witness) throws
    -> TieGroup.SecondPoint?
  {
    guard task.malformation == nil, let claimed = task.claim(0), claimed.isFinite else {
      return nil
    }
    let steps = first[u].entries.map(\.step).filter(\.isFinite).sorted()
    guard !steps.isEmpty else { return nil }
    let length = Double(measurement.parameter.count).squareRoot()
    let usual = steps[steps.count / 2]
    let found = try witness.estimate(
      task.probe(0), step: measurement.lines == nil ? usual / length : usual)
    let tolerance = measurement.options.rtol * max(abs(found.value), usualSlope)
    guard found.isFinite,
      Acceptance(
        claimed: claimed, measured: found.value, bound: found.bound, tolerance: tolerance) == .pass
    else { return nil }
    return record(u, .pass, claimed, found.value, found.bound, nil)
  }

  private func tried(_ task: TensorTask, _ u: Int, value: Double, noise: Double, z: Double) throws
    -> TieGroup.SecondPoint
  {
    let options = measurement.options
    let check = TensorCheck(
      witness: Witness(value: value, sigma: noise, z: z, estimator: options.estimator),
      rtol: options.rtol, seed: options.seed)
    let found = try check.run([task], wholeScale: usualSlope).tensors[0]
    let entry = found.entries[0]
    return record(
      u, found.verdict, entry.analytic, entry.numeric, entry.bound, found.reason ?? entry.reason)
  }

  private func record(
    _ u: Int, _ verdict: Verdict, _ claimed: Double, _ measured: Double, _ bound: Double,
    _ reason: String?
  ) -> TieGroup.SecondPoint {
    let use = measurement.uses[u]
    return .init(
      layer: use.layerName, use: use.detail, verdict: verdict, claimed: claimed,
      measured: measured, bound: bound, reason: reason)
  }
}
