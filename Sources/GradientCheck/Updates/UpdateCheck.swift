import Foundation
import GSLKit
import TiedLayers

/// Confirms that an update through either use moves the one shared parameter by exactly what an
/// independent reference predicts, that a full step moves it once, and that several steps, state
/// included, stay with the reference.
///
/// The reference gets the very gradients that the training gets, so rounding is all that can separate
/// the two.
package struct UpdateCheck {
  package var options: CheckOptions
  /// Steps compared with the reference.
  package var steps: Int

  package init(_ options: CheckOptions = CheckOptions(), steps: Int = 5) {
    self.options = options
    self.steps = steps
  }

  /// Trains from the present point, once for each subject and question, and puts the point back.
  /// - Throws: `UpdateSubjectProblem`, or what the objective and the trainers throw.
  package func check(
    _ objective: any PathObjective, gradient: GradientResult, _ subjects: [UpdateSubject]
  ) throws -> UpdateResult {
    let parameters = objective.parameters
    if let problem = UpdateSubjectProblem(subjects, parameters) { throw problem }
    let saved = parameters.map(\.flat)
    defer { parameters.restore(saved) }
    let results = try subjects.map { subject in
      parameters.restore(saved)
      return try UpdateExperiment(objective, subject, options, steps: steps).result(gradient)
    }
    let fixed = parameters.filter { !$0.fixedRows.isEmpty }.map {
      UpdateResult.FixedRows(parameter: $0.name, rows: $0.fixedRows.sorted())
    }
    return UpdateResult(
      verdict: Verdict.overall(results.map(\.verdict)), optimizers: results,
      fixed: fixed.isEmpty ? nil : fixed)
  }

  /// What is contributed at the present point, as trainers are given it: one contribution for each
  /// layer, and one more for each further use that a layer makes of a parameter. There is one for the
  /// whole model where the objective does not tell its uses apart.
  package func contributions(_ objective: any PathObjective) throws -> [LayerContribution] {
    try objective.contributions().map(\.contribution)
  }
}

/// One way of training one objective from its present point: what the four experiments share. Each of
/// them begins at `start`.
struct UpdateExperiment {
  let objective: any PathObjective
  let subject: UpdateSubject
  let options: CheckOptions
  let steps: Int
  let parameters: [any AnyParameter]
  let start: [[Double]]
  /// Parameters with more than one use.
  let shared: [(parameter: Int, uses: [Use])]

  init(
    _ objective: any PathObjective, _ subject: UpdateSubject, _ options: CheckOptions, steps: Int
  ) {
    self.objective = objective
    self.subject = subject
    self.options = options
    self.steps = max(steps, 1)
    parameters = objective.parameters
    start = parameters.map(\.flat)
    shared = Dictionary(grouping: objective.uses, by: \.parameter).filter { $0.value.count > 1 }
      .sorted { $0.key < $1.key }.map { (parameter: $0.key, uses: $0.value) }
  }

  /// Makes all four experiments.
  /// - Parameter gradient: the gradient check of the same objective at the same point.
  func result(_ gradient: GradientResult) throws -> OptimizerResult {
    if options.progress?.isCancelled ?? false { return untold("it was interrupted") }
    let lockstep = try lockstep()
    if let reason = lockstep.whyUntold { return untold(reason) }
    let alone = try stepsThroughEachUse()
    var findings = alone.findings + lockstep.findings
    let expectedSlots = self.expectedSlots
    // No finding by itself: a linear optimizer trains alike with any number of states. Where the
    // training strays, the number says why.
    if let slots = lockstep.stateSlots, slots != expectedSlots, !findings.isEmpty {
      findings.append(
        "the optimizer keeps \(slots) states for \(trained) parameters; expected "
          + "\(expectedSlots)")
    }
    let slope = try slope(gradient, along: lockstep.firstStep)
    if slope.verdict == .fail {
      findings.append(
        "the loss changes along the step at a rate of \(short(slope.numeric)), the gradient says "
          + "\(short(slope.analytic))")
    }
    return OptimizerResult(
      name: subject.name, steps: lockstep.history.count,
      verdict: findings.isEmpty ? Verdict.overall([slope.verdict]) : .fail,
      maxDifference: lockstep.largestDifference, stateSlots: lockstep.stateSlots,
      expectedStateSlots: expectedSlots, through: alone.through, fullStep: lockstep.fullStep,
      slope: slope, drift: try drift(),
      strayed: lockstep.strayed.map { parameters[$0.parameter].name },
      explanations: explanations(lockstep), findings: findings)
  }

  private var trained: Int {
    parameters.count { !subject.frozen.parameters.contains($0.name) }
  }

  private var expectedSlots: Int { subject.reference.keepsState ? trained : 0 }

  /// Nothing could be compared.
  private func untold(_ reason: String) -> OptimizerResult {
    OptimizerResult(
      name: subject.name, steps: 0, verdict: .inconclusive, maxDifference: .nan, stateSlots: nil,
      expectedStateSlots: expectedSlots, through: [], fullStep: [],
      slope: .init(numeric: .nan, bound: .infinity, analytic: .nan, verdict: .inconclusive),
      drift: [], strayed: [], explanations: [], findings: [], reason: reason)
  }

  /// The reference at the starting point.
  func referenceRun() -> UpdateReference.Run {
    UpdateReference.Run(
      reference: subject.reference,
      frozen: Set(
        parameters.indices.filter { subject.frozen.parameters.contains(parameters[$0].name) }),
      fixed: parameters.map(\.fixedElements),
      elements: start.map { $0.map { UpdateReference.Element(value: $0) } },
      rounded: parameters.map { parameter in { parameter.rounded($0) } })
  }

  /// Whether parameter `p` is where the reference is, but for rounding.
  func isWithinRounding(
    _ values: [Double], _ run: UpdateReference.Run, _ p: Int, steps: Int
  ) -> Bool {
    let expected = run.values(p)
    let allowance = RoundingAllowance(
      subject.reference, unitRoundoff: parameters[p].unitRoundoff)
    return values.indices.allSatisfy { i in
      abs(values[i] - expected[i]) <= allowance.allowed(reach: run.reach[p][i], steps: steps)
    }
  }

  func short(_ number: Double) -> String { String(format: "%.4g", number) }
}

extension [any AnyParameter] {
  /// Gives each parameter its values.
  func restore(_ values: [[Double]]) {
    for (parameter, values) in zip(self, values) { parameter.flat = values }
  }
}
