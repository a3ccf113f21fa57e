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
    var undeclared = try layered.map(undeclaredUses) ?? usesBesides(objective, gradient)
    // What a program describes of a right gradient may be incomplete: a penalty reads a parameter too.
    let isOnlyDescribed =
      objective.claimsByUseAreSeparate && missing.isEmpty
      && gradient.parameters.allSatisfy { gradient.passes($0) }
    let otherUses = isOnlyDescribed ? undeclared : []
    if isOnlyDescribed { undeclared = [] }
    let claims = objective.claimsByUse ? try objective.gradientsByUse() : nil
    let byParameter = Dictionary(grouping: uses.indices, by: { uses[$0].parameter })
    let groups =
      try objective.measuresPaths
      ? byParameter.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map { p, group in
        try check(
          objective, group.map { uses[$0] },
          claims: claims.map { claims in group.map { claims[$0] } },
          whole: gradient.parameters[p], gradient)
      } : []
    let unmeant = unmeantTies(objective, biases: biases)
    let untold = untoldTies(objective, expected: expected)
    let verdict =
      missing.isEmpty && undeclared.isEmpty && unmeant.isEmpty
      ? Verdict.overall(groups.map(\.verdict) + untold.map { _ in .inconclusive }) : .fail
    return TieResult(
      verdict: verdict, groups: groups, missing: missing.map(\.sentence) + undeclared,
      unmeant: unmeant,
      copies: missing.filter(\.isCopy).map(\.sentence), undeclared: undeclared,
      otherUses: otherUses,
      untold: untold
    )
  }

  /// Of a parameter with more uses the paths of a sample are measured: with as many uses as time steps, or
  /// layers, each evaluation of the loss costs as many of them, and measuring all of them the square.
  package static let mostUses = 64

  /// The first, the last, and a random sample of those between.
  private func sample(of count: Int) -> [Int] {
    guard count > Self.mostUses else { return Array(0..<count) }
    let between = RandomSource(seed: options.seed).permutation(of: count - 2)
      .prefix(Self.mostUses - 2).map { $0 + 1 }
    return [0] + between.sorted() + [count - 1]
  }

  /// One shared parameter.
  /// - Parameters:
  ///   - all: its uses.
  ///   - allClaims: what each claims; nil where nobody says what single uses claim.
  private func check(
    _ objective: any PathObjective, _ all: [Use], claims allClaims: [[Double]?]?,
    whole: TensorResult, _ gradient: GradientResult
  ) throws -> TieGroup {
    let sample = sample(of: all.count)
    let uses = sample.map { all[$0] }
    let parameter = objective.parameters[all[0].parameter]
    let zero = [Double](repeating: 0, count: parameter.count)
    func measurement(_ claims: [[Double]?]?) -> PathMeasurement {
      PathMeasurement(
        objective, uses, claims: claims.map { claims in sample.map { claims[$0] } },
        whole: whole, gradient, options)
    }
    var paths = measurement(allClaims)
    var sumRule = SumRule(measurement: paths, claims: allClaims?.map { $0 ?? zero })
    let areApart =
      objective.claimsByUseAreSeparate && gradient.passes(whole)
      && sumRule.claimed()?.verdict == .fail
    if areApart {
      paths = measurement(nil)
      sumRule = SumRule(measurement: paths, claims: nil)
    }
    let identity = (objective as? any LayeredObjective).map { identityVerdict($0, all) }
    let follows = try uses.map { try self.follows(in: objective, $0) }
    let measured = try paths.run()
    let second =
      options.progress?.isCancelled ?? false
      ? [] : try PathSecondPoint(measurement: paths, first: measured).run()
    let sum = try sumRule.result(
      measured, isComplete: uses.count == all.count,
      allowsOtherUses: objective.claimsByUseAreSeparate && gradient.passes(whole))
    let told = paths.paths(measured)
    // At the second point a direction that could not be decided takes nothing back.
    var verdicts: [Verdict] = [identity ?? .pass, sum.verdict]
    verdicts += told.map(\.verdict)
    verdicts += follows.map(\.verdict).filter { $0 != .vacuous }
    verdicts += second.map(\.verdict).filter { $0 == .fail }
    return TieGroup(
      parameter: parameter.name, shape: parameter.shape, verdict: Verdict.overall(verdicts),
      uses: uses.map {
        .init(
          layer: $0.layerName, use: $0.detail, transposed: $0.isTransposed,
          isLossTerm: $0.isLossTerm ? true : nil)
      }, paths: told, sumRule: sum, identity: identity.map { .init(verdict: $0) },
      follows: follows, secondPoint: second.isEmpty ? nil : second,
      unmeasuredUses: uses.count < all.count ? all.count - uses.count : nil,
      claimsAreApart: areApart ? true : nil, wholePasses: gradient.passes(whole),
      measured: measured)
  }

  private func follows(in objective: any PathObjective, _ use: Use) throws -> TieGroup.Follows {
    if options.progress?.isCancelled ?? false {
      return .init(
        layer: use.layerName, use: use.detail, verdict: .inconclusive,
        reason: "interrupted before it was asked")
    }
    return try (objective as? any LayeredObjective).map { try follows($0, use) }
      ?? follows(byLossOf: objective, use)
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

extension GradientResult {
  /// Whether a parameter's claimed gradient agrees with the measured one, wherever it was measured.
  func passes(_ tensor: TensorResult) -> Bool { tensor.verdict == .pass || tensor.verdict == .kink }
}
