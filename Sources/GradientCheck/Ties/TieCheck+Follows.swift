import GSLKit
import TiedLayers

/// Whether every use reads the one parameter: what is written through one use is read through the
/// others, and what a use computes changes when the parameter does.
extension TieCheck {
  /// Writes through each handle and reads through every other, bit for bit; puts the values back.
  func identityVerdict(_ objective: any LayeredObjective, _ uses: [Use]) -> Verdict {
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
  func follows(
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
}
