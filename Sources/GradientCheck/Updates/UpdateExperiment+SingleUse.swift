import GSLKit
import TiedLayers

extension UpdateExperiment {
  /// The first experiment: one step from each use's contribution alone. It must move the one parameter
  /// as the reference predicts, and every use must see the same movement through its own handle.
  func stepsThroughEachUse() throws -> (through: [OptimizerResult.Through], findings: [String]) {
    guard objective.claimsByUse, subject.makeTrainer().takesContributions,
      let layered = objective as? any LayeredObjective
    else { return ([], []) }
    parameters.restore(start)
    let contributions = try objective.contributions()
    // Each of many uses costs a step, a run of the reference and a look through every other use.
    let shared = shared.map { (parameter: $0.parameter, uses: Self.some(of: $0.uses)) }
    var through: [OptimizerResult.Through] = []
    var findings: [String] = []
    for (p, uses) in shared {
      for use in uses where !(options.progress?.isCancelled ?? false) {
        let alone = contributions.map { place, contribution in
          place == use.place ? contribution : contribution.silenced
        }
        let step = try self.step(through: use, of: uses, p, alone, layered)
        through.append(step)
        if step.verdict == .fail {
          findings.append(
            "a step through \(use.name) alone moved \(parameters[p].name) by "
              + "\(short(step.moved)), predicted \(short(step.predicted))")
        }
      }
    }
    return (through, findings)
  }

  private static let mostUses = 16

  /// All of a few uses; of many the first and the last ones.
  private static func some(of uses: [Use]) -> [Use] {
    uses.count <= TieCheck.mostUses
      ? uses : Array(uses.prefix(mostUses / 2) + uses.suffix(mostUses / 2))
  }

  private func step(
    through use: Use, of uses: [Use], _ p: Int, _ alone: [LayerContribution],
    _ layered: any LayeredObjective
  ) throws -> OptimizerResult.Through {
    parameters.restore(start)
    try subject.makeTrainer().step(parameters, contributions: alone)
    var run = referenceRun()
    run.step(try sum(of: subject.live(alone), for: parameters))
    var agrees = true
    var seen: [OptimizerResult.Seen] = []
    for other in uses {
      let values = layered.ownValues(of: other)
      seen.append(
        .init(
          layer: other.layerName, use: other.detail,
          moved: euclideanNorm(zip(values, start[p]).map { $0 - $1 })))
      agrees = agrees && isWithinRounding(values, run, p, steps: 1)
    }
    return .init(
      layer: use.layerName, use: use.detail, parameter: parameters[p].name,
      predicted: euclideanNorm(zip(run.values(p), start[p]).map { $0 - $1 }),
      moved: seen.first { $0.name == use.name }!.moved, seenBy: seen,
      verdict: agrees ? .pass : .fail)
  }
}
