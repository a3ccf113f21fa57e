import TiedLayers

/// Where one contribution to a gradient comes from: a layer, and how often it has used the parameter
/// before.
struct UsePlace: Hashable {
  let layer: Int
  let occurrence: Int
}

extension Use {
  var place: UsePlace { UsePlace(layer: layer, occurrence: occurrence) }
}

extension PathObjective {
  /// The whole gradient that a training steps by, zero where none is claimed.
  func wholeGradient() throws -> [[Double]] {
    let claims = try trainingGradients()
    return parameters.enumerated().map { p, parameter in
      guard p < claims.count, let claim = claims[p], claim.count == parameter.count else {
        return [Double](repeating: 0, count: parameter.count)
      }
      return claim
    }
  }

  /// What is contributed at the present point: see `UpdateCheck.contributions`. The place is nil for the
  /// contribution of the whole model.
  func contributions() throws -> [(place: UsePlace?, contribution: LayerContribution)] {
    guard claimsByUse else {
      return [(nil, LayerContribution(layer: "model", gradients: try wholeGradient()))]
    }
    let parameters = parameters
    let claims = Dictionary(grouping: zip(uses, try gradientsByUse()), by: \.0.place)
    return places().map { place in
      let name = layerNames[place.layer]
      var gradients = [[Double]?](repeating: nil, count: parameters.count)
      for (use, claimed) in claims[place, default: []] {
        // A use for which nothing is claimed contributes zeros.
        gradients[use.parameter] =
          claimed ?? [Double](repeating: 0, count: parameters[use.parameter].count)
      }
      return (
        place,
        LayerContribution(
          layer: place.occurrence == 0 ? name : "\(name) use \(place.occurrence + 1)",
          gradients: gradients)
      )
    }
  }

  private func places() -> [UsePlace] {
    let uses = Dictionary(grouping: uses, by: \.layer)
    return layerNames.indices.flatMap { l in
      let last = uses[l, default: []].map(\.occurrence).max() ?? 0
      return (0...last).map { UsePlace(layer: l, occurrence: $0) }
    }
  }
}

extension LayerContribution {
  /// The same places with zeros.
  var silenced: LayerContribution {
    LayerContribution(
      layer: layer,
      gradients: gradients.map { gradient in
        gradient.map { [Double](repeating: 0, count: $0.count) }
      })
  }
}

extension UpdateSubject {
  /// The contributions that count: without those of a use that is frozen.
  func live(_ contributions: [LayerContribution]) -> [LayerContribution] {
    guard frozen.firstUse, let parameters = contributions.first?.gradients.count else {
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
}
