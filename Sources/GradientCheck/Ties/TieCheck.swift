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

  /// Biases that are shared and were not meant to be.
  func unmeantTies(_ objective: any PathObjective, biases: [[String]]?) -> [String] {
    guard let biases else { return [] }
    let parameters = objective.parameters
    let users = Dictionary(
      grouping: objective.uses.filter { parameters[$0.parameter].shape.count == 1 },
      by: \.parameter)
    return users.sorted { $0.key < $1.key }.compactMap { p, uses in
      var layers = Set(uses.map(\.layerName))
      guard layers.count > 1, !biases.contains(where: { layers.isSubset(of: $0) }) else {
        return nil
      }
      let names = uses.map(\.layerName).filter { layers.remove($0) != nil }
        .joined(separator: " and ")
      return
        "\(names) share the bias \(parameters[p].name), and were meant to share the kernel alone"
    }
  }

  /// Uses that should share a kernel and do not; whether they hold copies of one.
  func missingTies(_ objective: any PathObjective, expected: [[String]]) -> [(
    sentence: String, isCopy: Bool
  )] {
    let uses = objective.uses.filter { objective.parameters[$0.parameter].shape.count == 2 }
    return expected.compactMap { layers in
      let kernels = layers.map { layer in
        Set(uses.filter { $0.isCalled(layer) }.map(\.parameter))
      }
      guard let first = kernels.first,
        kernels.dropFirst().reduce(first, { $0.intersection($1) }).isEmpty
      else { return nil }
      let held = zip(layers, kernels).map { layer, kernels in
        let names = kernels.sorted().map { objective.parameters[$0].name }
        return "\(layer) holds \(names.isEmpty ? "none" : names.joined(separator: ", "))"
      }
      let tensors = layers.map { layer in
        uses.filter { $0.isCalled(layer) }.map { objective.parameters[$0.parameter] }
      }
      let isCopy = tensors.dropFirst().allSatisfy { others in
        others.contains { other in tensors[0].contains { holdsCopy(other, of: $0) } }
      }
      let sentence =
        "\(layers.joined(separator: " and ")) should share one kernel, but "
        + "\(held.joined(separator: ", ")). Equal values are not a tie: the first update moves them "
        + "apart."
      return (sentence, isCopy)
    }
  }

  /// Equal values, in one orientation or the other.
  private func holdsCopy(_ copy: any AnyParameter, of original: any AnyParameter) -> Bool {
    let (values, shape) = (copy.flat, copy.shape)
    if shape == original.shape && values == original.flat { return true }
    return [shape[1], shape[0]] == original.shape
      && transposed(values, rows: shape[0], columns: shape[1]) == original.flat
  }

  /// Moves every parameter that a layer does not declare and watches its output for a fixed input.
  /// A parameter with one declared use has no sum of paths that could be wrong.
  private func undeclaredUses(_ objective: any LayeredObjective) throws -> [String] {
    let random = RandomSource(seed: options.seed)
    var sentences: [String] = []
    for (l, layer) in objective.layerNames.enumerated() {
      let declared = Set(objective.uses.filter { $0.layer == l }.map(\.parameter))
      let output = try objective.layerFunction(l)
      let before = try output()
      for (p, parameter) in objective.parameters.enumerated() where !declared.contains(p) {
        let saved = parameter.flat
        defer { parameter.flat = saved }
        let scale = tensorScale(saved)
        parameter.flat = saved.map { $0 + scale * random.uniform(-1, 1) }
        if try output().map(\.bitPattern) != before.map(\.bitPattern) {
          sentences.append(
            "\(layer) uses \(parameter.name) without declaring it. Its kernels and biases must list "
              + "everything it reads.")
        }
      }
    }
    return sentences
  }

  /// The same question where no layer can be run by itself: a parameter with one use is moved for that
  /// use, and for whoever reads it. The loss must be the same, but for rounding.
  private func usesBesides(
    _ objective: any PathObjective, _ gradient: GradientResult
  ) throws -> [String] {
    guard objective.measuresPaths else { return [] }
    let uses = Dictionary(grouping: objective.uses, by: \.parameter)
    let random = RandomSource(seed: options.seed)
    return try objective.parameters.enumerated().compactMap { p, parameter in
      guard let use = uses[p]?.first, uses[p]!.count == 1 else { return nil }
      let saved = parameter.flat
      let scale = tensorScale(saved)
      let change = PathChange.values(saved.map { $0 + scale * random.uniform(-1, 1) })
      let alone = try objective.pathFunction(use)(change)
      let whole = try parameter.standing(change) { try objective.value() }
      let moved = abs(alone - gradient.value) + abs(whole - gradient.value)
      guard abs(alone - whole) > 1e-3 * moved + 100 * gradient.noise else { return nil }
      return "\(parameter.name) is used by more than \(use.name), which alone declares it."
    }
  }

  // MARK: One shared parameter

  private func check(
    _ objective: any PathObjective, _ uses: [Use], claims: [[Double]?]?, whole: TensorResult,
    _ gradient: GradientResult
  ) throws -> TieGroup {
    let p = uses[0].parameter
    let parameter = objective.parameters[p]
    let identity = (objective as? any LayeredObjective).map { identityVerdict($0, uses) }
    let follows = try uses.map { use in
      try (objective as? any LayeredObjective).map { try self.follows($0, use) }
        ?? self.follows(objective, use, loss: gradient.value)
    }

    // Paths are measured the way the whole was: every entry, or the same random directions.
    let zero = [Double](repeating: 0, count: parameter.count)
    let isClaimed = claims != nil
    let claims: [[Double]?] = claims.map { $0.map { $0 ?? zero } } ?? uses.map { _ in nil }
    let lines = whole.directions.map {
      Lines(count: $0.count, entries: parameter.count, seed: options.seed, tensor: p)
    }
    let twin = DoubleTwin.Source(of: objective, options)
    let tasks = try zip(uses, claims).map { use, claimed in
      var task = task(objective, use, claimed: claimed, lines, try objective.pathFunction(use))
      task.twin = twin.opinion(on: task) { twin in
        guard let twin = twin as? any PathObjective else { return nil }
        return self.task(
          twin, use, claimed: claimed, lines, try twin.pathFunction(use)
        ).function
      }
      return task
    }
    let witness = Witness(
      value: gradient.value, sigma: gradient.noise,
      z: Witness.quantile(
        alpha: options.alpha,
        entries: tasks.reduce(gradient.entries.total) { $0 + $1.values.count }),
      estimator: options.estimator)
    let measured = try TensorCheck(
      witness: witness, rtol: options.rtol, seed: options.seed, progress: options.progress
    ).run(tasks, wholeScale: whole.measuredScale).tensors

    // Along directions a path's norm is estimated from its slopes, and the shares are those of the
    // claims, which the directions have verified or convicted.
    let byEntry = lines == nil
    let total =
      byEntry
      ? whole.numeric : claims.reduce(zero) { zip($0, $1 ?? zero).map(+) }
    let square = innerProduct(total, total)
    // Paths that cancel leave a whole of nothing but error, and parts of nothing are no shares.
    let error = byEntry ? euclideanNorm(whole.bounds) : 0
    let hasShares = square > error * error
    let paths = zip(uses, zip(claims, measured)).map { use, found in
      let (claimed, path) = found
      let contribution = byEntry ? path.numeric : claimed ?? zero
      return TieGroup.Path(
        layer: use.layerName, use: use.detail,
        norm: byEntry
          ? euclideanNorm(contribution)
          : Lines.entryScale(rootMeanSquare(path.numeric), entries: parameter.count)
            * Double(parameter.count).squareRoot(),
        claimedNorm: claimed.map(euclideanNorm),
        share: hasShares ? innerProduct(contribution, total) / square : 0,
        verdict: path.verdict, maxRelativeError: path.maxRelativeError)
    }
    let sumRule = self.sumRule(
      measured, whole, objective.gradientUnitRoundoff, isClaimed: isClaimed)
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

  private func task(
    _ objective: any PathObjective, _ use: Use, claimed: [Double]?, _ lines: Lines?,
    _ function: @escaping PathFunction
  ) -> TensorTask {
    let parameter = objective.parameters[use.parameter]
    guard let lines else {
      var task = TensorTask(parameter, named: use.name, claimed: claimed) { entry, point in
        try function(.entry(entry, to: point))
      }
      if let batched = objective as? any BatchedPathObjective {
        task.batch = { try batched.values(changing: use, $0) }
      }
      task.isMeasuredOnly = claimed == nil
      return task
    }
    let base = parameter.flat
    var task = TensorTask(
      lines: use.name, claimed: claimed.map { lines.project($0) ?? [] }, count: lines.vectors.count,
      scale: tensorScale(base), unitRoundoff: parameter.unitRoundoff
    ) { line, t in
      try function(.values(zip(base, lines.vectors[line]).map { $0 + t * $1 }))
    }
    task.isMeasuredOnly = claimed == nil
    return task
  }

  /// Writes through each handle and reads through every other, bit for bit; puts the values back.
  private func identityVerdict(_ objective: any LayeredObjective, _ uses: [Use]) -> Verdict {
    let parameter = objective.parameters[uses[0].parameter]
    let saved = parameter.flat
    defer { parameter.flat = saved }
    let random = RandomSource(seed: options.seed)
    for writer in uses {
      objective.setValues(saved.map { _ in random.uniform(-1, 1) }, of: writer)
      let written = objective.ownValues(of: writer).map(\.bitPattern)
      for reader in uses where objective.ownValues(of: reader).map(\.bitPattern) != written {
        return .fail
      }
    }
    return .pass
  }

  /// Moves the parameter for one use and watches the layer's output for a fixed input.
  func follows(_ objective: any LayeredObjective, _ use: Use) throws -> TieGroup.Follows {
    func follows(_ verdict: Verdict, _ reason: String? = nil) -> TieGroup.Follows {
      .init(layer: use.layerName, use: use.detail, verdict: verdict, reason: reason)
    }
    let parameter = objective.parameters[use.parameter]
    let output = try objective.layerFunction(use)
    let before = try output(nil)
    if try moves(parameter, before, { try output(.values($0)) }) { return follows(.pass) }
    if before.allSatisfy({ $0 == 0 }) {
      return follows(
        .inconclusive, "its output is zero on this batch whatever the parameter is")
    }
    guard try objective.reaches(use) else {
      return follows(.inconclusive, "nothing of this batch reaches it")
    }
    if use.isRepeated {
      let whole = try objective.layerFunction(use.layer)
      if try moves(parameter, before, { try parameter.standing(.values($0), whole) }) {
        return follows(
          .inconclusive,
          "its output does not change when \(parameter.name) does in this use alone: nothing but zeros "
            + "arrives there on this batch, no sample gets so far, or it holds a copy")
      }
    }
    return follows(
      .fail, "its output does not change when \(parameter.name) does: it holds a copy")
  }

  /// The same where no layer can be run by itself: the loss is watched.
  ///
  /// What a layer uses several times may meet nothing but zeros in one of them, as a recurrent layer's
  /// first step does from an initial state of zero: no loss could tell that from a copy. Of a first
  /// use it is no evidence, while the layer's other uses follow; later ones should have met something.
  private func follows(
    _ objective: any PathObjective, _ use: Use, loss: Double
  ) throws -> TieGroup.Follows {
    let parameter = objective.parameters[use.parameter]
    func isHeard(_ use: Use) throws -> Bool {
      let function = try objective.pathFunction(use)
      return try moves(parameter, [loss]) { [try function(.values($0))] }
    }
    func follows(_ verdict: Verdict, _ reason: String? = nil) -> TieGroup.Follows {
      .init(layer: use.layerName, use: use.detail, verdict: verdict, reason: reason)
    }
    if try isHeard(use) { return follows(.pass) }
    let silent = "the loss does not change when \(parameter.name) does in this use alone"
    let others = objective.uses.filter {
      $0 != use && $0.layer == use.layer && $0.parameter == use.parameter
    }
    guard try others.contains(where: isHeard) else {
      return follows(.fail, "\(silent): it holds a copy")
    }
    return use.occurrence == 0
      ? follows(.vacuous, "\(silent): nothing arrives there on this batch")
      : follows(
        .inconclusive, "\(silent): nothing arrives there on this batch, or it holds a copy")
  }

  /// Whether an output is another for other values of a parameter, near or far.
  private func moves(
    _ parameter: any AnyParameter, _ before: [Double], _ output: ([Double]) throws -> [Double]
  ) throws -> Bool {
    let random = RandomSource(seed: options.seed)
    let values = parameter.flat
    let scale = tensorScale(values)
    return try [0.01, 1, 10, 1e8, 1e16].contains { factor in
      try output(values.map { $0 + factor * scale * random.uniform(-1, 1) }) != before
    }
  }

  /// Measured: within the error bounds. Claimed: within rounding.
  private func sumRule(
    _ paths: [TensorResult], _ whole: TensorResult, _ unitRoundoff: Double, isClaimed: Bool
  ) -> TieGroup.SumRule {
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
