import Foundation
import GSLKit
import GradientCheck

/// What a program says of itself, and what follows from it.
extension PipeObjective {
  package func remarks(after gradient: GradientResult) throws -> [Remark] {
    let own = (description.remarks ?? []).map {
      Remark(
        about: oneLine($0.about, 100), parameters: $0.parameters ?? [],
        sentence: oneLine($0.sentence))
    }
    return try own + unusedRemarks(gradient) + untrainedRemarks + intendedRemarks() + heldRemarks
      + raisedRemarks + witnessRemarks
  }

  /// What the program itself found wrong, and optimizers that cannot train the model.
  package func faults(after gradient: GradientResult) -> [Diagnosis] {
    (description.faults ?? []).map {
      fault(oneLine($0.id, 100), $0.parameters ?? [], oneLine($0.sentence))
    } + optimizerFaults(gradient)
  }

  private func fault(_ id: String, _ parameters: [String], _ sentence: String) -> Diagnosis {
    .known(id, parameter: parameters.first ?? "", sentence: sentence)
  }

  // MARK: Remarks

  /// Parameters without a gradient that the loss indeed does not read. The others fail: they claim zero.
  private func unusedRemarks(_ gradient: GradientResult) -> [Remark] {
    let names = zip(description.parameters, gradient.parameters)
      .filter { $0.unused == true && $1.verdict != .fail }.map { $1.name }
    guard !names.isEmpty else { return [] }
    let (list, one) = (Self.list(names), names.count == 1)
    return [
      Remark(
        about: Remark.unused, parameters: names,
        sentence:
          "the loss does not read \(list): \(one ? "it has" : "they have") no gradient, and the loss "
          + "stays the same when \(one ? "it is" : "they are") moved")
    ]
  }

  /// One sentence for each parameter with rows, or entries, that are not trained by design.
  private var untrainedRemarks: [Remark] {
    let wholes = description.parameters.enumerated().map { p, parameter in
      (p, nil as String?, parameter.untrainedRows, parameter.untrainedEntries)
    }
    let single = (description.uses ?? []).map {
      ($0.parameter, $0.layer as String?, $0.untrainedRows, $0.untrainedEntries)
    }
    return (wholes + single).compactMap { p, layer, rows, entries in
      let (rows, entries) = (Set(rows ?? []).sorted(), Set(entries ?? []).sorted())
      guard !rows.isEmpty || !entries.isEmpty else { return nil }
      let name = pipeParameters[p].name
      var what: [String] = []
      if !rows.isEmpty { what.append(Self.numbered("row", rows)) }
      if !entries.isEmpty { what.append(Self.numbered("entry", entries, plural: "entries")) }
      let isOne = rows.count + entries.count == 1
      return Remark(
        about: "padding", parameters: [name],
        sentence:
          "\(what.joined(separator: " and ")) of \(name) \(isOne ? "is" : "are") not trained"
          + (layer.map { " through \($0)" } ?? "")
          + " by design, as a padding row is not: the claim there is zero on purpose, and is not "
          + "compared with the derivative")
    }
  }

  private static func numbered(_ word: String, _ numbers: [Int], plural: String? = nil) -> String {
    guard numbers.count > 1 else { return "\(word) \(numbers[0])" }
    let more = numbers.count > 8 ? " and \(numbers.count - 8) more" : ""
    return "\(plural ?? word + "s") \(numbers.prefix(8).map(String.init).joined(separator: ", "))"
      + more
  }

  /// How much of what an intended use claims is the derivative.
  private func intendedRemarks() throws -> [Remark] {
    guard !description.intendedUses.isEmpty else { return [] }
    let claims = try askGradient(byUse: true).byUse!
    return try description.intendedUses.map { place in
      let use = description.uses![place]
      let name = pipeParameters[use.parameter].name
      let about =
        "what \(use.layer) claims for \(name) is deliberately not the derivative, as the program says, "
        + "and is not judged"
      guard let claim = claims[place] else {
        return Remark(
          about: "intended", parameters: [name], sentence: about + ": it claims nothing there")
      }
      let factor = try derivativeOverClaim(place, use.parameter, claim)
      let told =
        factor.map {
          ": along its own direction the derivative is \(String(format: "%.4f", $0)) "
            + "times what is claimed"
        } ?? ": it claims zero, or the loss is no number there"
      return Remark(about: "intended", parameters: [name], sentence: about + told)
    }
  }

  /// <measured, claim> / <claim, claim> for one use alone; nil where nothing is claimed.
  private func derivativeOverClaim(_ place: Int, _ parameter: Int, _ claim: [Double]) throws
    -> Double?
  {
    let length = claim.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0, length.isFinite else { return nil }
    let values = pipeParameters[parameter].described
    let size = max(values.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-3)
    let step =
      size * Foundation.pow(pipeParameters[parameter].unitRoundoff, 1.0 / 3) / length
    let points = [step, -step].map { t in
      PipePoint(
        inUse: PipeUseChange(
          use: place,
          set: [PipeChange(parameter: parameter, to: zip(values, claim).map { $0 + t * $1 })]))
    }
    // Past whoever holds still: it is this very use that moves.
    let found = try losses.losses(points)
    let slope = (found[0] - found[1]) / (2 * step)
    return slope.isFinite ? slope / (length * length) : nil
  }

  private var witnessRemarks: [Remark] {
    guard measuresInDouble else { return [] }
    let words = Set(ownPrecisions).subtracting([.double]).map(\.rawValue).sorted()
    return [
      Remark(
        about: "witness",
        sentence:
          "the gradient is claimed in \(words.joined(separator: " and ")), and the derivatives are "
          + "measured on the same loss computed in Double at the very same numbers")
    ]
  }

  private var raisedRemarks: [Remark] {
    guard let raised = losses.raised else { return [] }
    let first = raised.first.last == "." ? String(raised.first.dropLast()) : raised.first
    return [
      Remark(
        about: "raised",
        sentence:
          "the loss raised an error at \(raised.count) of the points beside the described one, and "
          + "counts as no number there. The first error: \(first)")
    ]
  }

  // MARK: Optimizers

  /// Parameters that some optimizers leave out and others hold, as where each trains a part.
  private var heldRemarks: [Remark] {
    let heldBySome = Set((description.optimizers ?? []).flatMap { $0.holds ?? [] })
    return (description.optimizers ?? []).compactMap { optimizer in
      guard let holds = optimizer.holds, !holds.isEmpty else { return nil }
      let left = leftOut(optimizer).filter(heldBySome.contains)
      guard !left.isEmpty else { return nil }
      return Remark(
        about: "left-to-others", parameters: left,
        sentence:
          "the optimizer \(optimizer.name) does not hold \(Self.list(left)); another optimizer does"
      )
    }
  }

  /// What an optimizer does not hold, and nobody said that it should not.
  private func leftOut(_ optimizer: PipeDescription.OptimizerDescription) -> [String] {
    guard let holds = optimizer.holds else { return [] }
    let known = Set(holds + (optimizer.frozen ?? []))
    return description.parameters.filter { $0.unused != true && !known.contains($0.name) }
      .map(\.name)
  }

  private func optimizerFaults(_ gradient: GradientResult) -> [Diagnosis] {
    let optimizers = description.optimizers ?? []
    let heldBySome = Set(optimizers.flatMap { $0.holds ?? [] })
    let moving = Set(gradient.parameters.filter { $0.counts.vacuous < $0.counts.total }.map(\.name))
    return optimizers.compactMap { optimizer in
      guard let holds = optimizer.holds else { return nil }
      if holds.isEmpty {
        let foreign = optimizer.foreign ?? 0
        return fault(
          "stale-optimizer", description.parameters.map(\.name),
          "the optimizer \(optimizer.name) holds none of the model's parameters ("
            + Self.list(description.parameters.map(\.name)) + ")"
            + (foreign > 0
              ? ", but \(foreign) \(foreign == 1 ? "tensor" : "tensors") that the model does not use"
              : "")
            + ": its steps train nothing. Make it after the model is complete and its weights are "
            + "loaded")
      }
      let left = leftOut(optimizer).filter { !heldBySome.contains($0) && moving.contains($0) }
      guard !left.isEmpty else { return nil }
      let one = left.count == 1
      return fault(
        "not-held", left,
        "the optimizer \(optimizer.name) does not hold \(Self.list(left)), whose gradient is not "
          + "zero: training leaves \(one ? "it where it is" : "them where they are"). Give "
          + "\(one ? "it" : "them") to the optimizer, or say that \(one ? "it is" : "they are") "
          + "frozen")
    }
  }

  /// The names, or the first few of many.
  static func list(_ names: [String]) -> String {
    let more = names.count > 8 ? " and \(names.count - 8) more" : ""
    return names.prefix(8).joined(separator: ", ") + more
  }
}
