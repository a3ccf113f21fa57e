import GSLKit
import TiedLayers

extension UpdateCheck {
  /// One step of a training beside its reference, from the present point, which is put back: what the
  /// gallery asks of a faulty training without checking it in full.
  /// - Parameter contributions: what the layers contribute at this point; see `contributions`.
  /// - Returns: how far the two are apart at most, over what rounding accounts for. Above 1 the check
  ///   of the same training fails.
  package func strayFactor(
    _ objective: any PathObjective, _ subject: UpdateSubject,
    contributions: [LayerContribution]
  ) throws -> Double {
    let experiment = UpdateExperiment(objective, subject, options, steps: 1)
    let parameters = experiment.parameters
    defer { parameters.restore(experiment.start) }
    try subject.makeTrainer().step(parameters, contributions: contributions)
    var run = experiment.referenceRun()
    run.step(try sum(of: subject.live(contributions), for: parameters))
    var factor = 0.0
    for (p, parameter) in parameters.enumerated() {
      let (values, expected) = (parameter.flat, run.values(p))
      let allowance = RoundingAllowance(
        subject.reference, unitRoundoff: parameter.unitRoundoff)
      for i in values.indices where values[i] != expected[i] {
        factor = max(
          factor,
          abs(values[i] - expected[i]) / allowance.allowed(reach: run.reach[p][i], steps: 1))
      }
    }
    return factor
  }
}
