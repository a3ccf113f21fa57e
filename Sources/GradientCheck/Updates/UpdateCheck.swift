import Foundation
import GSLKit
import TiedLayers

/// A way of training to be checked, and what it must equal.
public struct UpdateSubject: Sendable {
  /// What reports call it.
  public let name: String
  /// Makes the accused, with fresh state.
  public let makeTrainer: @Sendable () -> any Trainer
  /// What it must equal.
  public let reference: UpdateReference
  /// What is not to be trained.
  public let frozen: Frozen

  /// A way of training.
  /// - Parameters:
  /// - reference: what it must equal.
  /// - frozen: what is not to be trained.
  /// - name: what reports call it; the reference's name if nil.
  /// - makeTrainer: makes it with fresh state.
  public init(
    _ reference: UpdateReference, frozen: Frozen = Frozen(), named name: String? = nil,
    makeTrainer: @escaping @Sendable () -> any Trainer
  ) {
    self.name = name ?? reference.name
    self.reference = reference
    self.frozen = frozen
    self.makeTrainer = makeTrainer
  }

  /// An optimizer that steps once a batch.
  public init(_ reference: UpdateReference, makeOptimizer: @escaping @Sendable () -> any Optimizer)
  {
    self.init(reference, makeTrainer: { OptimizerTrainer(makeOptimizer()) })
  }

  /// The optimizers that `--optimizers` knows, by name, each with its reference.
  public static let standard: [UpdateSubject] = [
    UpdateSubject(.sgd(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.1) }),
    UpdateSubject(
      .momentum(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.1, momentum: 0.9) }),
    UpdateSubject(
      .nesterov(learningRate: 0.1),
      makeOptimizer: { SGD(learningRate: 0.1, momentum: 0.9, nesterov: true) }),
    UpdateSubject(
      .sgd(learningRate: 0.1, weightDecay: 0.01),
      makeOptimizer: { SGD(learningRate: 0.1, weightDecay: 0.01) }),
    UpdateSubject(.rmsprop(learningRate: 0.01), makeOptimizer: { RMSProp(learningRate: 0.01) }),
    UpdateSubject(.adam(learningRate: 0.01), makeOptimizer: { Adam(learningRate: 0.01) }),
    UpdateSubject(
      .adamw(learningRate: 0.01, weightDecay: 0.01),
      makeOptimizer: { Adam(learningRate: 0.01, decoupledDecay: 0.01) }),
  ]
}

/// Confirms that an update through either use moves the one shared parameter by exactly what an
/// independent reference predicts, that a full step moves it once, and that several steps, state
/// included, stay with the reference.
///
/// The reference is fed the very gradients that the accused is fed, so that rounding is all that can
/// stand between the two.
package struct UpdateCheck {
  package var options: CheckOptions
  /// Steps compared with the reference.
  package var steps: Int

  package init(_ options: CheckOptions = CheckOptions(), steps: Int = 5) {
    self.options = options
    self.steps = steps
  }

  /// Trains from the present point, once for each subject and question, and puts the point back.
  package func check(
    _ objective: any PathObjective, gradient: GradientResult, _ subjects: [UpdateSubject]
  ) throws -> UpdateResult {
    let parameters = objective.parameters
    let saved = parameters.map(\.flat)
    defer { restore(parameters, saved) }
    let results = try subjects.map { subject in
      restore(parameters, saved)
      return try check(objective, gradient, subject, start: saved)
    }
    let fixed = parameters.filter { !$0.fixedRows.isEmpty }.map {
      UpdateResult.FixedRows(parameter: $0.name, rows: $0.fixedRows.sorted())
    }
    return UpdateResult(
      verdict: Verdict.overall(results.map(\.verdict)), optimizers: results,
      fixed: fixed.isEmpty ? nil : fixed)
  }

  private func check(
    _ objective: any PathObjective, _ gradient: GradientResult, _ subject: UpdateSubject,
    start: [[Double]]
  ) throws -> OptimizerResult {
    let parameters = objective.parameters
    var findings: [String] = []
    let contributions = try contributions(objective)
    let places = places(objective)
    let groups = Dictionary(grouping: objective.uses, by: \.parameter).filter { $0.value.count > 1 }
      .sorted { $0.key < $1.key }

    // Through each use alone.
    var through: [OptimizerResult.Through] = []
    let layered =
      subject.makeTrainer().takesContributions ? objective as? any LayeredObjective : nil
    for (p, uses) in layered == nil ? [] : groups {
      for use in uses {
        restore(parameters, start)
        let alone = contributions.enumerated().map { l, contribution in
          places[l] == use.place ? contribution : silenced(contribution)
        }
        try subject.makeTrainer().step(parameters, contributions: alone)
        var run = referenceRun(subject, parameters, start)
        run.step(try sum(of: live(alone, subject), for: parameters))
        let predicted = zip(run.values(p), start[p]).map { $0 - $1 }
        var agrees = true
        var seen: [OptimizerResult.Seen] = []
        for other in uses {
          let values = layered!.ownValues(of: other)
          let moved = zip(values, start[p]).map { $0 - $1 }
          seen.append(
            .init(layer: other.layerName, use: other.detail, moved: euclideanNorm(moved)))
          agrees =
            agrees
            && isWithinRounding(values, run, p, parameters[p].unitRoundoff, steps: 1)
        }
        let moved = seen.first { $0.name == use.name }!.moved
        let verdict: Verdict = agrees ? .pass : .fail
        if !agrees {
          findings.append(
            "a step through \(use.name) alone moved \(parameters[p].name) by "
              + "\(short(moved)), predicted \(short(euclideanNorm(predicted)))")
        }
        through.append(
          .init(
            layer: use.layerName, use: use.detail, parameter: parameters[p].name,
            predicted: euclideanNorm(predicted), moved: moved, seenBy: seen, verdict: verdict))
      }
    }

    // K steps in lockstep with the reference; the first of them is the full step.
    restore(parameters, start)
    let trainer = subject.makeTrainer()
    var run = referenceRun(subject, parameters, start)
    var largest = 0.0
    var fullStep: [OptimizerResult.FullStep] = []
    var direction: [[Double]] = []
    var strayed: [(parameter: Int, step: Int, what: String)] = []
    var history: [(contributions: [LayerContribution], values: [[Double]])] = []
    for k in 1...max(steps, 1) {
      let contributions = try self.contributions(objective)
      let given =
        trainer.takesContributions
        ? try sum(of: live(contributions, subject), for: parameters) : try whole(objective)
      try trainer.step(parameters, contributions: contributions)
      run.step(given)
      // Diverged: what lies beyond the largest number cannot be compared. One step has been.
      if k > 1, !parameters.indices.allSatisfy({ run.values($0).allSatisfy(\.isFinite) }) { break }
      history.append((live(contributions, subject), parameters.map(\.flat)))
      for (p, parameter) in parameters.enumerated() {
        let (values, expected) = (parameter.flat, run.values(p))
        largest = max(largest, relativeDifference(values, expected))
        let agrees = isWithinRounding(values, run, p, parameter.unitRoundoff, steps: k)
        let hasStrayed = strayed.contains { $0.parameter == p }
        if !agrees && !hasStrayed { strayed.append((p, k, parameter.name)) }
        if k == 1 {
          let moved = zip(values, start[p]).map { $0 - $1 }
          let predicted = zip(expected, start[p]).map { $0 - $1 }
          direction.append(moved)
          let square = innerProduct(predicted, predicted)
          let ratio = square > 0 ? innerProduct(moved, predicted) / square : 1
          fullStep.append(
            .init(parameter: parameter.name, ratio: ratio, verdict: agrees ? .pass : .fail))
          if !agrees {
            findings.append(
              "one full step moved \(parameter.name) by \(short(ratio)) times the predicted amount")
          }
        }
        let (state, expectedState) = (trainer.state(of: parameter), run.state(p))
        for (name, memory) in state.sorted(by: { $0.key < $1.key }) {
          guard let expected = expectedState[name] else { continue }
          let difference = relativeDifference(memory, expected)
          largest = max(largest, difference)
          if difference > 1e-10, !strayed.contains(where: { $0.parameter == p }) {
            strayed.append((p, k, "\(parameter.name)'s \(name)"))
          }
        }
      }
    }
    for stray in strayed {
      findings.append("\(stray.what) left the single-kernel reference at step \(stray.step)")
    }
    let explanations = strayed.flatMap { stray in
      let p = stray.parameter
      return UpdateHypothesis.explanations(
        .init(
          parameter: parameters[p].name, start: start[p],
          gradients: history.map { $0.contributions.compactMap { $0.gradients[p] } },
          clipping: history.map { clipping($0.contributions, subject, parameters) },
          isFrozen: subject.frozen.parameters.contains(parameters[p].name),
          fixedRows: parameters[p].fixedRows.sorted(), fixed: parameters[p].fixedElements,
          values: history.map { $0.values[p] },
          unitRoundoff: max(parameters[p].unitRoundoff, subject.reference.unitRoundoff),
          rounded: parameters[p].rounded),
        subject.reference)
    }
    let trained = parameters.count { !subject.frozen.parameters.contains($0.name) }
    let expectedSlots = subject.reference.keepsState ? trained : 0
    let slots = trainer.countsStates ? trainer.stateSlots : nil
    // No finding by itself: a linear optimizer trains alike with any number of states. Where the
    // training strays, the number says why.
    if let slots, slots != expectedSlots, !findings.isEmpty {
      findings.append(
        "the optimizer keeps \(slots) states for \(trained) parameters; expected "
          + "\(expectedSlots)")
    }

    // The slope along the step.
    restore(parameters, start)
    let slope = try slope(objective, gradient, start: start, direction: direction)
    if slope.verdict == .fail {
      findings.append(
        "the loss changes along the step at a rate of \(short(slope.numeric)), the gradient says "
          + "\(short(slope.analytic))")
    }
    let failed = !findings.isEmpty
    return OptimizerResult(
      name: subject.name, steps: history.count, verdict: failed ? .fail : slope.verdict,
      maxDifference: largest, stateSlots: slots, expectedStateSlots: expectedSlots,
      through: through, fullStep: fullStep, slope: slope,
      drift: try drift(objective, subject, groups.map(\.value)),
      strayed: strayed.map { parameters[$0.parameter].name }, explanations: explanations,
      findings: findings)
  }

  // MARK: Parts

  /// The whole claimed gradient, zero where none is claimed.
  private func whole(_ objective: any PathObjective) throws -> [[Double]] {
    let claims = try objective.gradients()
    return objective.parameters.enumerated().map { p, parameter in
      guard p < claims.count, let claim = claims[p], claim.count == parameter.count else {
        return [Double](repeating: 0, count: parameter.count)
      }
      return claim
    }
  }

  /// What is contributed at the present point, as trainers are given it: one contribution for each
  /// layer, and one more for each further use that a layer makes of a parameter. One for all together
  /// where nobody tells them apart.
  package func contributions(_ objective: any PathObjective) throws -> [LayerContribution] {
    let parameters = objective.parameters
    guard objective.claimsByUse else {
      return [LayerContribution(layer: "model", gradients: try whole(objective))]
    }
    let claims = Dictionary(
      grouping: zip(objective.uses, try objective.gradientsByUse()), by: \.0.place)
    return places(objective).map { place in
      let name = objective.layerNames[place.layer]
      var gradients = [[Double]?](repeating: nil, count: parameters.count)
      for (use, claimed) in claims[place, default: []] {
        // A use for which nothing is claimed contributes zeros.
        gradients[use.parameter] =
          claimed ?? [Double](repeating: 0, count: parameters[use.parameter].count)
      }
      return LayerContribution(
        layer: place.occurrence == 0 ? name : "\(name) use \(place.occurrence + 1)",
        gradients: gradients)
    }
  }

  /// Where the contributions come from, in their order.
  private func places(_ objective: any PathObjective) -> [Use.Place] {
    let uses = Dictionary(grouping: objective.uses, by: \.layer)
    return objective.layerNames.indices.flatMap { l in
      let last = uses[l, default: []].map(\.occurrence).max() ?? 0
      return (0...last).map { Use.Place(layer: l, occurrence: $0) }
    }
  }

  /// The contributions that count: without those of a use that is frozen.
  func live(
    _ contributions: [LayerContribution], _ subject: UpdateSubject
  ) -> [LayerContribution] {
    guard subject.frozen.firstUse, let parameters = contributions.first?.gradients.count else {
      return contributions
    }
    var live = contributions
    for p in 0..<parameters {
      let users = contributions.indices.filter { contributions[$0].gradients[p] != nil }
      guard users.count > 1 else { continue }
      var gradients = live[users[0]].gradients
      gradients[p] = nil
      live[users[0]] = LayerContribution(layer: live[users[0]].layer, gradients: gradients)
    }
    return live
  }

  private func clipping(
    _ contributions: [LayerContribution], _ subject: UpdateSubject,
    _ parameters: [any AnyParameter]
  ) -> UpdateHypothesis.Clipping {
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

  private func silenced(_ contribution: LayerContribution) -> LayerContribution {
    LayerContribution(
      layer: contribution.layer,
      gradients: contribution.gradients.map { gradient in
        gradient.map { [Double](repeating: 0, count: $0.count) }
      })
  }

  func referenceRun(
    _ subject: UpdateSubject, _ parameters: [any AnyParameter], _ start: [[Double]]
  ) -> UpdateReference.Run {
    UpdateReference.Run(
      reference: subject.reference,
      frozen: Set(
        parameters.indices.filter { subject.frozen.parameters.contains(parameters[$0].name) }),
      fixed: parameters.map(\.fixedElements),
      elements: start.map { $0.map { UpdateReference.Element(value: $0) } },
      rounded: parameters.map { parameter in { parameter.rounded($0) } })
  }

  private func restore(_ parameters: [any AnyParameter], _ values: [[Double]]) {
    for (parameter, values) in zip(parameters, values) { parameter.flat = values }
  }

  /// Equal but for the rounding of a dozen operations a step, on numbers as large as the value ever
  /// was: one that comes back to zero brings the rounding of its whole way.
  private func isWithinRounding(
    _ values: [Double], _ run: UpdateReference.Run, _ p: Int, _ unitRoundoff: Double, steps: Int
  ) -> Bool {
    let expected = run.values(p)
    let allowed =
      run.reference.roundingsPerStep * Double(steps)
      * max(unitRoundoff, run.reference.unitRoundoff)
    return values.indices.allSatisfy { i in
      abs(values[i] - expected[i]) <= allowed * run.reach[p][i]
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

  /// The derivative of L(start + t direction) at t = 0, measured and claimed.
  private func slope(
    _ objective: any PathObjective, _ gradient: GradientResult, start: [[Double]],
    direction: [[Double]]
  ) throws -> OptimizerResult.Slope {
    let parameters = objective.parameters
    let claimed = try objective.gradients()
    // As long as the point itself, however short the step was: only its direction matters.
    let length = euclideanNorm(direction.flatMap { $0 })
    let reach = euclideanNorm(start.flatMap { $0 })
    let stretch = length > 0 && reach > 0 ? reach / length : 1
    let direction = direction.map { $0.map { stretch * $0 } }
    var analytic = 0.0
    for p in parameters.indices {
      if let claimed = claimed[p], claimed.count == direction[p].count {
        analytic += innerProduct(claimed, direction[p])
      }
    }
    let line = TensorTask(
      Parameter<Double>("t", [0]), claimed: [analytic],
      function: { _, t in
        defer { restore(parameters, start) }
        for p in parameters.indices {
          parameters[p].flat = zip(start[p], direction[p]).map { $0 + t * $1 }
        }
        return try objective.value()
      })
    let witness = Witness(
      value: gradient.value, sigma: gradient.noise,
      z: Witness.quantile(alpha: options.alpha, entries: gradient.entries.total),
      estimator: options.estimator)
    let found = try TensorCheck(witness: witness, rtol: options.rtol, seed: options.seed).run([line]
    )
    .tensors[0]
    return .init(
      numeric: found.entries[0].numeric / stretch, bound: found.entries[0].bound / stretch,
      analytic: analytic / stretch,
      verdict: found.verdict)
  }

  /// Trains the untied twin and measures how far apart its copies of the first shared kernel grow.
  private func drift(
    _ objective: any PathObjective, _ subject: UpdateSubject, _ groups: [[Use]]
  ) throws -> [Double] {
    let kernels = groups.filter { objective.parameters[$0[0].parameter].shape.count == 2 }
    guard let group = kernels.first,
      let twin = (objective as? any LayeredObjective)?.untiedTwin()
    else { return [] }
    let pair = group.prefix(2).compactMap { use in
      twin.uses.first { $0.layer == use.layer && $0.slot == use.slot }
    }
    guard pair.count == 2 else { return [] }
    // The twin holds each copy in its own use's orientation.
    let shape = objective.parameters[group[0].parameter].shape
    func ownValues(_ i: Int) -> [Double] {
      let values = twin.parameters[pair[i].parameter].flat
      return group[i].isTransposed ? transposed(values, rows: shape[1], columns: shape[0]) : values
    }
    func distance() -> Double {
      let (first, second) = (ownValues(0), ownValues(1))
      let norm = euclideanNorm(first)
      return norm > 0 ? euclideanNorm(zip(first, second).map { $0 - $1 }) / norm : 0
    }
    let trainer = subject.makeTrainer()
    var drift = [distance()]
    for _ in 0..<max(steps, 1) {
      try trainer.step(twin.parameters, contributions: contributions(twin))
      drift.append(distance())
    }
    return drift
  }

  private func short(_ number: Double) -> String {
    String(format: "%.4g", number)
  }
}

extension Use {
  /// A layer and how often it has used the parameter before: where one contribution comes from.
  fileprivate struct Place: Hashable {
    let layer: Int
    let occurrence: Int
  }

  fileprivate var place: Place { Place(layer: layer, occurrence: occurrence) }
}
