import GradientCheck
import TiedLayers

/// The paths of a program that tells which layer uses which parameter.
extension PipeObjective: BatchedPathObjective {
  package var measuresPaths: Bool { description.uses != nil && capabilities.contains(.use) }

  /// Where every parameter has one use, the gradient itself is what it claims.
  private var hasOneUseEach: Bool {
    Set(uses.map(\.parameter)).count == uses.count && description.intendedUses.isEmpty
  }

  /// Claims that are made another way than the whole one cannot be told apart; what is listed without
  /// uses is not asked for.
  private var asksByUse: Bool {
    description.uses != nil && capabilities.contains(.gradientByUse)
      && description.claimsByUse != "apart"
  }

  package var claimsByUse: Bool { hasOneUseEach || asksByUse }
  /// A program answers the two in two messages, and its framework may compute them in two ways.
  package var claimsByUseAreSeparate: Bool { true }

  package func gradientsByUse() throws -> [[Double]?] {
    guard asksByUse else {
      let gradients = try gradients()
      return uses.map { gradients[$0.parameter] }
    }
    still.remember(pipeParameters)
    let claims = try askGradient(byUse: true).byUse!
    return describedPlaces.map { claims[$0] }
  }

  package func pathFunction(_ use: Use) throws -> PathFunction {
    let place = place(of: use)
    return { [self] change in
      let at: PipeChange
      switch change {
      case .entry(let entry, let value):
        at = PipeChange(parameter: use.parameter, at: [entry], to: [value])
      case .values(let values): at = PipeChange(parameter: use.parameter, at: nil, to: values)
      }
      var point = point
      point.inUse = PipeUseChange(use: place, set: [rounded(at)])
      return try losses(at: [point])[0]
    }
  }

  package func values(changing parameter: Int, _ points: [(entry: Int, point: Double)]) throws
    -> [Double]
  {
    let here = point
    return try losses(
      at: points.map { entry, value in
        var point = here
        let change = PipeChange(parameter: parameter, at: [entry], to: [value])
        point.set = (point.set ?? []) + [rounded(change)]
        return point
      })
  }

  package func values(changing use: Use, _ points: [(entry: Int, point: Double)]) throws -> [Double]
  {
    let (here, place) = (point, place(of: use))
    return try losses(
      at: points.map { entry, value in
        var point = here
        let change = PipeChange(parameter: use.parameter, at: [entry], to: [value])
        point.inUse = PipeUseChange(use: place, set: [rounded(change)])
        return point
      })
  }

  /// As a parameter that holds them would round them.
  private func rounded(_ change: PipeChange) -> PipeChange {
    let parameter = pipeParameters[change.parameter]
    guard parameter.precision != .double else { return change }
    return PipeChange(
      parameter: change.parameter, at: change.at, to: change.to.map(parameter.rounded))
  }

  private func place(of use: Use) -> Int { describedPlaces[uses.firstIndex(of: use)!] }
}
