import GSLKit
import TiedLayers

/// Whether every use reads the one parameter: what is written through one use is read through the
/// others, and what a use computes changes when the parameter does.
extension TieCheck {
  /// So many uses are read after each write; of more, the first and the next one.
  private static let mostReaders = 16

  /// Writes through each handle and reads through the others, bit for bit; puts the values back.
  func identityVerdict(_ objective: any LayeredObjective, _ uses: [Use]) -> Verdict {
    let parameter = objective.parameters[uses[0].parameter]
    let saved = parameter.flat
    defer { parameter.flat = saved }
    let random = RandomSource(seed: options.seed)
    for (w, writer) in uses.enumerated() {
      objective.setValues(saved.map { _ in random.uniform(-1, 1) }, of: writer)
      let written = objective.ownValues(of: writer).map(\.bitPattern)
      let readers =
        uses.count <= Self.mostReaders ? uses : [uses[0], uses[(w + 1) % uses.count]]
      for reader in readers where objective.ownValues(of: reader).map(\.bitPattern) != written {
        return .fail
      }
    }
    return .pass
  }

  /// Moves the parameter for one use and watches the layer's output for a fixed input.
  func follows(_ objective: any LayeredObjective, _ use: Use) throws -> TieGroup.Follows {
    let parameter = objective.parameters[use.parameter]
    let dependence = try UseDependence(of: parameter, in: objective, seed: options.seed) {
      let output = try objective.layerFunction(use)
      return { try output($0.map { .values($0) }) }
    }
    let answer = answer(dependence, use, parameter, "its output")
    if let answer, answer.verdict == .pass { return answer }
    if try objective.layerFunction(use)(nil).allSatisfy({ $0 == 0 }) {
      return .init(
        use, .inconclusive, "its output is zero on this batch whatever the parameter is")
    }
    guard try objective.reaches(use) else {
      return .init(use, .inconclusive, "nothing of this batch reaches it")
    }
    if use.isRepeated, try wholeMovesLayer(objective, use) {
      return .init(
        use, .inconclusive,
        "its output does not change when \(parameter.name) does in this use alone: nothing but zeros "
          + "arrives there on this batch, no sample gets so far, or it holds a copy")
    }
    return answer
      ?? .init(
        use, .fail, "its output does not change when \(parameter.name) does: it holds a copy")
  }

  /// Whether a layer's output changes when a parameter does in all of its uses.
  private func wholeMovesLayer(_ objective: any LayeredObjective, _ use: Use) throws -> Bool {
    let parameter = objective.parameters[use.parameter]
    let whole = try objective.layerFunction(use.layer)
    let dependence = try UseDependence(of: parameter, in: objective, seed: options.seed) {
      { values in
        try values.map { try parameter.standing(.values($0), whole) } ?? whole()
      }
    }
    if case .here = dependence { return true }
    return false
  }

  /// The same where no layer can be run by itself: the loss is watched.
  ///
  /// What a layer uses several times may meet nothing but zeros in one of them, as a recurrent layer's
  /// first step does from an initial state of zero: no loss could tell that from a copy. A first use that is
  /// silent is therefore no evidence while the layer's other uses follow; later ones should have met
  /// something.
  func follows(byLossOf objective: any PathObjective, _ use: Use) throws -> TieGroup.Follows {
    let parameter = objective.parameters[use.parameter]
    func dependence(_ use: Use) throws -> UseDependence {
      try UseDependence(of: parameter, in: objective, seed: options.seed) {
        let function = try objective.pathFunction(use)
        return { values in [try values.map { try function(.values($0)) } ?? objective.value()] }
      }
    }
    let own = try dependence(use)
    if let answer = answer(own, use, parameter, "the loss") { return answer }
    let silent = "the loss does not change when \(parameter.name) does in this use alone"
    let others = objective.uses.filter {
      $0 != use && $0.layer == use.layer && $0.parameter == use.parameter
    }
    let isOtherHeard = try others.contains {
      if case .here = try dependence($0) { return true }
      return false
    }
    guard isOtherHeard else { return .init(use, .fail, "\(silent): it holds a copy") }
    return use.occurrence == 0
      ? .init(use, .vacuous, "\(silent): nothing arrives there on this batch")
      : .init(
        use, .inconclusive, "\(silent): nothing arrives there on this batch, or it holds a copy")
  }

  /// What follows from where a use is seen to read its parameter; nil where it is seen nowhere.
  private func answer(
    _ dependence: UseDependence, _ use: Use, _ parameter: any AnyParameter, _ what: String
  ) -> TieGroup.Follows? {
    let silent =
      "\(what) does not change here when \(parameter.name) does in this use alone"
    switch dependence {
    case .here: return .init(use, .pass, nil)
    case .nearby:
      return .init(
        use, .pass, "\(silent), and it does at a point close by: the use is silent at this point")
    case .elsewhere:
      return .init(
        use, .inconclusive,
        "\(silent) and close by, and it does far away: the use is silent at this point, as behind dead "
          + "units or a gate that is shut. Choose another point or another batch")
    case .maskedByZero:
      return .init(
        use, use.isRepeated && use.occurrence == 0 ? .vacuous : .inconclusive,
        "\(silent), whatever the values are: nothing arrives there on this batch, and what it reads is "
          + "multiplied by zero. Choose another batch")
    case .nowhere: return nil
    }
  }
}

extension TieGroup.Follows {
  fileprivate init(_ use: Use, _ verdict: Verdict, _ reason: String?) {
    self.init(layer: use.layerName, use: use.detail, verdict: verdict, reason: reason)
  }
}
