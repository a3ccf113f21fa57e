import GSLKit
import TiedLayers

/// Confirms that uses which should share a parameter do, and that the gradient of a shared parameter is
/// the sum of what its uses contribute, be they in several layers or in one.
///
/// Each path is measured without asking the model: an element is changed for one use alone. That also
/// catches a layer that keeps a copy, or reads another layer behind its back.
package struct TieCheck {
  package var options: CheckOptions

  package init(_ options: CheckOptions = CheckOptions()) { self.options = options }

  /// - Parameters:
  ///   - gradient: the gradient check of the same objective at the same point.
  ///   - expected: sets of uses that are meant to share a kernel, by the names of their layers, or of
  ///     layer and slot ("rnn step 3").
  ///   - biases: sets of layer names that are meant to share a bias, all others being meant not to;
  ///     nil where anything goes.
  package func check(
    _ objective: any PathObjective, gradient: GradientResult, expected: [[String]] = [],
    biases: [[String]]? = nil
  ) throws -> TieResult {
    let uses = objective.uses
    let missing = missingTies(objective, expected: expected)
    let layered = objective as? any LayeredObjective
    let undeclared = try layered.map(undeclaredUses) ?? usesBesides(objective, gradient)
    let claims = objective.claimsByUse ? try objective.gradientsByUse() : nil
    var groups: [TieGroup] = []
    for p in objective.parameters.indices {
      let group = uses.indices.filter { uses[$0].parameter == p }
      guard group.count > 1, objective.measuresPaths else { continue }
      groups.append(
        try check(
          objective, group.map { uses[$0] },
          claims: claims.map { claims in group.map { claims[$0] } },
          whole: gradient.parameters[p], gradient))
    }
    let unmeant = unmeantTies(objective, biases: biases)
    let verdict =
      missing.isEmpty && undeclared.isEmpty && unmeant.isEmpty
      ? Verdict.overall(groups.map(\.verdict)) : .fail
    return TieResult(
      verdict: verdict, groups: groups, missing: missing.map(\.sentence) + undeclared,
      unmeant: unmeant,
      copies: missing.filter(\.isCopy).map(\.sentence), undeclared: undeclared)
  }

  /// One shared parameter.
  private func check(
    _ objective: any PathObjective, _ uses: [Use], claims: [[Double]?]?, whole: TensorResult,
    _ gradient: GradientResult
  ) throws -> TieGroup {
    let parameter = objective.parameters[uses[0].parameter]
    let layered = objective as? any LayeredObjective
    let identity = layered.map { identityVerdict($0, uses) }
    let follows = try uses.map { use in
      try layered.map { try self.follows($0, use) }
        ?? self.follows(objective, use, loss: gradient.value)
    }
    let measurement = PathMeasurement(
      objective, uses, claims: claims, whole: whole, gradient, options)
    let measured = try measurement.run()
    let paths = measurement.paths(measured)
    let sumRule = measurement.sumRule(measured)
    let verdict = Verdict.overall(
      [identity ?? .pass, sumRule.verdict] + paths.map(\.verdict)
        + follows.map(\.verdict).filter { $0 != .vacuous })
    return TieGroup(
      parameter: parameter.name, shape: parameter.shape, verdict: verdict,
      uses: uses.map {
        .init(
          layer: $0.layerName, use: $0.detail, transposed: $0.isTransposed,
          isLossTerm: $0.isLossTerm ? true : nil)
      }, paths: paths,
      sumRule: sumRule, identity: identity.map { .init(verdict: $0) }, follows: follows,
      measured: measured)
  }

  /// The part of the check that measures no gradient: who holds what, and whether layers follow it.
  package func convictsWithoutMeasuring(
    _ objective: any LayeredObjective, expected: [[String]], biases: [[String]]?
  ) throws -> Bool {
    if !missingTies(objective, expected: expected).isEmpty { return true }
    if !unmeantTies(objective, biases: biases).isEmpty { return true }
    let users = Dictionary(grouping: objective.uses, by: \.parameter)
    return try objective.uses.contains { use in
      try users[use.parameter]!.count > 1 && follows(objective, use).verdict == .fail
    }
  }
}
