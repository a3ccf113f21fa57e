/// The entries that a use does not see move, because what is claimed there is deliberately not the
/// derivative: rows of padding, which are not trained, and uses whose claim is intended to be another.
///
/// What such a use sees stays where the claims were last asked for, while the rest of the model sees the
/// entry move: so the rest of the claim is compared with the derivative that it is meant to be.
final class StillUses {
  /// Entries of one parameter in one use.
  struct Still {
    let parameter: Int
    /// The use's place in the description; nil for every use.
    let use: Int?
    /// nil for every entry.
    let entries: Set<Int>?
  }

  let all: [Still]
  /// By parameter, the values at which claims were last asked for; none for the described ones.
  private var anchors: [Int: [Double]] = [:]

  init(_ description: PipeDescription, _ parameters: [PipeParameter]) {
    func places(_ entries: [Int]?, _ rows: [Int]?, _ parameter: PipeParameter) -> Set<Int>? {
      let width = parameter.count / parameter.shape[0]
      let places = Set(entries ?? []).union(
        (rows ?? []).flatMap { ($0 * width)..<(($0 + 1) * width) })
      return places.isEmpty ? nil : places
    }
    var all: [Still] = []
    for (p, parameter) in description.parameters.enumerated() {
      if let entries = places(parameter.untrainedEntries, parameter.untrainedRows, parameters[p]) {
        all.append(Still(parameter: p, use: nil, entries: entries))
      }
    }
    for (u, use) in (description.uses ?? []).enumerated() {
      if use.intended == true {
        all.append(Still(parameter: use.parameter, use: u, entries: nil))
      } else if let entries = places(
        use.untrainedEntries, use.untrainedRows, parameters[use.parameter])
      {
        all.append(Still(parameter: use.parameter, use: u, entries: entries))
      }
    }
    self.all = all
  }

  /// Claims are about to be asked for at the present point.
  func remember(_ parameters: [PipeParameter]) {
    for still in all {
      let parameter = parameters[still.parameter]
      anchors[still.parameter] = parameter.changed.isEmpty ? nil : parameter.flat
    }
  }

  /// The same point, at which nothing moves for whoever holds still.
  func hold(_ point: PipePoint, _ parameters: [PipeParameter]) -> PipePoint {
    if all.isEmpty { return point }
    var held = point
    for still in all {
      let parameter = parameters[still.parameter]
      // Back at the described point without having been asked there again.
      if parameter.changed.isEmpty { anchors[still.parameter] = nil }
      let anchor = anchors[still.parameter] ?? parameter.described
      let own = point.inUse.map { $0.use == still.use || still.use == nil } ?? false
      let changes = (point.set ?? []) + (own ? point.inUse!.set : [])
      guard let back = change(back: changes, still, to: anchor) else { continue }
      if own {
        held.inUse!.set.append(back)
      } else if let use = still.use {
        held.inUses = (held.inUses ?? []) + [PipeUseChange(use: use, set: [back])]
      }
      if still.use == nil { held.set = (held.set ?? []) + [back] }
    }
    return held
  }

  /// Takes back what changes do to the entries of a use; nil where they do nothing.
  private func change(back changes: [PipeChange], _ still: Still, to anchor: [Double])
    -> PipeChange?
  {
    var seen: [Int: Double] = [:]
    for change in changes where change.parameter == still.parameter {
      for (i, value) in zip(change.at ?? Array(anchor.indices), change.to)
      where still.entries?.contains(i) ?? true {
        seen[i] = value
      }
    }
    let moved = seen.filter { $0.value.bitPattern != anchor[$0.key].bitPattern }.keys.sorted()
    return moved.isEmpty
      ? nil
      : PipeChange(parameter: still.parameter, at: moved, to: moved.map { anchor[$0] })
  }
}
