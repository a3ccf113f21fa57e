import GSLKit
import TiedLayers

/// What the second experiment found: a training and its reference, step by step from the same
/// gradients.
struct Lockstep {
  /// By parameter, of the first step.
  var fullStep: [OptimizerResult.FullStep] = []
  /// By parameter: how far each element was moved by the first step.
  var firstStep: [[Double]] = []
  /// The parameters that left the reference: at which step, and what of them.
  var strayed: [(parameter: Int, step: Int, what: String)] = []
  /// By step: the contributions that counted, and the values afterwards.
  var history: [(contributions: [LayerContribution], values: [[Double]])] = []
  /// See `OptimizerResult.maxDifference`.
  var largestDifference = 0.0
  /// nil where the trainer does not count its states.
  var stateSlots: Int?
  /// Why even the first step cannot be compared; nil where it can.
  var whyUntold: String?

  var findings: [String] {
    fullStep.filter { $0.verdict == .fail }.map {
      "one full step moved \($0.parameter) by \(String(format: "%.4g", $0.ratio)) times the predicted "
        + "amount"
    } + strayed.map { "\($0.what) left the single-kernel reference at step \($0.step)" }
  }

  mutating func stray(_ parameter: Int, at step: Int, _ what: String) {
    guard !strayed.contains(where: { $0.parameter == parameter }) else { return }
    strayed.append((parameter, step, what))
  }
}

extension UpdateExperiment {
  /// The second experiment: several steps beside the reference, values and state compared after each.
  /// The first of them is the full step.
  func lockstep() throws -> Lockstep {
    parameters.restore(start)
    let trainer = subject.makeTrainer()
    var run = referenceRun()
    var found = Lockstep()
    for k in 1...steps {
      let contributions = try objective.contributions().map(\.contribution)
      let given =
        trainer.takesContributions
        ? try sum(of: subject.live(contributions), for: parameters)
        : try objective.wholeGradient()
      try trainer.step(parameters, contributions: contributions)
      run.step(given)
      // Diverged: what lies beyond the largest number cannot be compared.
      if let reason = outOfRange(run, given) {
        if k == 1 { found.whyUntold = reason }
        break
      }
      if options.progress?.isCancelled ?? false {
        found.whyUntold = "it was interrupted"
        break
      }
      found.history.append((subject.live(contributions), parameters.map(\.flat)))
      for p in parameters.indices { compare(p, run, trainer, step: k, &found) }
    }
    found.stateSlots = trainer.countsStates ? trainer.stateSlots : nil
    return found
  }

  /// Why a step is beyond what arithmetic can compare; nil where it is not. An optimizer squares gradients,
  /// in an order of its own: near the square root of the largest number one order overflows and another
  /// does not.
  private func outOfRange(_ run: UpdateReference.Run, _ gradients: [[Double]]) -> String? {
    for (p, parameter) in parameters.enumerated() {
      let isFloat = max(parameter.unitRoundoff, subject.reference.unitRoundoff) > 1e-10
      let largest = isFloat ? 1e18 : 1e150
      let squares = subject.reference.keepsState || subject.reference.clippingNorm != nil
      let size = gradients[p].reduce(0) { $1.isNaN ? .nan : max($0, abs($1)) }
      let length = run.values(p).reduce(0) { $1.isNaN ? .nan : max($0, abs($1)) }
      if !size.isFinite || squares && size > largest {
        return
          "the gradient of \(parameter.name) is as large as \(short(size)): its square is beyond the "
          + "largest number"
      }
      if !length.isFinite || length > largest * largest {
        return "the step takes \(parameter.name) beyond the largest number"
      }
    }
    return nil
  }

  /// One parameter after one step.
  private func compare(
    _ p: Int, _ run: UpdateReference.Run, _ trainer: any Trainer, step k: Int,
    _ found: inout Lockstep
  ) {
    let parameter = parameters[p]
    let (values, expected) = (parameter.flat, run.values(p))
    found.largestDifference = max(
      found.largestDifference, relativeDifference(values, expected))
    let agrees = isWithinRounding(values, run, p, steps: k)
    if !agrees { found.stray(p, at: k, parameter.name) }
    if k == 1 {
      let moved = zip(values, start[p]).map { $0 - $1 }
      let predicted = zip(expected, start[p]).map { $0 - $1 }
      let square = innerProduct(predicted, predicted)
      found.firstStep.append(moved)
      found.fullStep.append(
        .init(
          parameter: parameter.name,
          ratio: square > 0 ? innerProduct(moved, predicted) / square : 1,
          verdict: agrees ? .pass : .fail))
    }
    let expectedState = run.state(p)
    for (name, memory) in trainer.state(of: parameter).sorted(by: { $0.key < $1.key }) {
      guard let expected = expectedState[name] else { continue }
      let difference = relativeDifference(memory, expected)
      found.largestDifference = max(found.largestDifference, difference)
      if difference > 1e-10 { found.stray(p, at: k, "\(parameter.name)'s \(name)") }
    }
  }

  private func relativeDifference(_ values: [Double], _ expected: [Double]) -> Double {
    let scale = rootMeanSquare(expected)
    var largest = 0.0
    for i in values.indices where values[i] != expected[i] {
      let difference = abs(values[i] - expected[i]) / max(abs(expected[i]), scale)
      largest = max(largest, difference.isNaN ? .infinity : difference)
    }
    return largest
  }

  // MARK: Names

  /// The known mistakes that would have moved each strayed parameter just so.
  func explanations(_ lockstep: Lockstep) -> [OptimizerResult.Explanation] {
    lockstep.strayed.flatMap { stray in
      let p = stray.parameter
      return UpdateHypothesis.explanations(
        .init(
          parameter: parameters[p].name, start: start[p],
          gradients: lockstep.history.map { contributed(to: p, $0.contributions) },
          clipping: lockstep.history.map { clipping($0.contributions) },
          isFrozen: subject.frozen.parameters.contains(parameters[p].name),
          fixedRows: parameters[p].fixedRows.sorted(), fixed: parameters[p].fixedElements,
          values: lockstep.history.map { $0.values[p] },
          unitRoundoff: parameters[p].unitRoundoff, rounded: parameters[p].rounded),
        subject.reference)
    }
  }

  /// One list for each use; one of zeros for a parameter that nothing uses.
  private func contributed(to p: Int, _ contributions: [LayerContribution]) -> [[Double]] {
    let lists = contributions.compactMap { $0.gradients[p] }
    return lists.isEmpty ? [[Double](repeating: 0, count: parameters[p].count)] : lists
  }

  private func clipping(_ contributions: [LayerContribution]) -> UpdateHypothesis.Clipping {
    guard subject.reference.clippingNorm != nil else { return .none }
    let trained = parameters.indices.filter {
      !subject.frozen.parameters.contains(parameters[$0].name)
    }
    return UpdateHypothesis.Clipping(
      subject.reference,
      contributions: trained.map { p in
        contributions.compactMap { $0.gradients[p].map(parameters[p].moving) }
      })
  }
}
