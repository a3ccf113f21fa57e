import GradientCheck
import TiedLayers

/// The paths of a program that tells which layer uses which parameter.
extension PipeObjective: SummarizedObjective, BatchedPathObjective {
  /// One layer for everything where the program names none.
  private static let wholeModel = "model"

  private var useDescriptions: [PipeDescription.UseDescription] {
    description.uses
      ?? pipeParameters.indices.map { .init(layer: Self.wholeModel, parameter: $0) }
  }

  package var layerNames: [String] {
    var names: Set<String> = []
    return ((description.layers ?? []).map(\.name) + useDescriptions.map(\.layer))
      .filter { names.insert($0).inserted }
  }

  /// Counted in one pass: how many there are is the program's choice.
  package var uses: [Use] {
    struct Place: Hashable { let layer: String, parameter: Int }
    let layers = Dictionary(
      uniqueKeysWithValues: layerNames.enumerated().map { ($1, $0) })
    let all = useDescriptions
    var count: [Place: Int] = [:]
    for use in all { count[Place(layer: use.layer, parameter: use.parameter), default: 0] += 1 }
    var slots: [String: Int] = [:]
    var occurrences: [Place: Int] = [:]
    return all.map { use in
      let place = Place(layer: use.layer, parameter: use.parameter)
      let (slot, occurrence) = (slots[use.layer, default: 0], occurrences[place, default: 0])
      slots[use.layer] = slot + 1
      occurrences[place] = occurrence + 1
      return Use(
        layer: layers[use.layer]!, layerName: use.layer, slot: slot,
        slotName: use.slot ?? "use \(occurrence + 1)", occurrence: occurrence,
        isRepeated: count[place]! > 1, parameter: use.parameter,
        isTransposed: use.transposed ?? false, isLossTerm: use.lossTerm ?? false)
    }
  }

  package var measuresPaths: Bool { description.uses != nil && capabilities.contains(.use) }

  /// Where every parameter has one use, the gradient itself is what it claims.
  private var hasOneUseEach: Bool {
    Set(useDescriptions.map(\.parameter)).count == useDescriptions.count
  }

  /// What is listed without uses is not asked for.
  package var claimsByUse: Bool { hasOneUseEach || capabilities.contains(.gradientByUse) }

  package func gradientsByUse() throws -> [[Double]?] {
    let uses = useDescriptions
    guard description.uses != nil, capabilities.contains(.gradientByUse) else {
      let gradients = try gradients()
      return uses.map { gradients[$0.parameter] }
    }
    let answer = try askGradient(byUse: true)
    guard let claims = answer.byUse, claims.count == uses.count else {
      throw malformed(
        "gradient",
        "\"by_use\" holds \(answer.byUse?.count ?? 0) lists; expected \(uses.count), one for each use"
      )
    }
    for (use, claim) in zip(uses, claims) {
      let parameter = pipeParameters[use.parameter]
      guard let claim, claim.count != parameter.count else { continue }
      throw malformed(
        "gradient",
        "what \(use.layer) contributes to \(parameter.name) has \(claim.count) numbers; expected "
          + "\(parameter.count)")
    }
    return claims
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
      return try losses([point])[0]
    }
  }

  package func values(changing parameter: Int, _ points: [(entry: Int, point: Double)]) throws
    -> [Double]
  {
    let here = point
    return try losses(
      points.map { entry, value in
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
      points.map { entry, value in
        var point = here
        let change = PipeChange(parameter: use.parameter, at: [entry], to: [value])
        point.inUse = PipeUseChange(use: place, set: [rounded(change)])
        return point
      })
  }

  /// As a parameter that holds them would round them.
  private func rounded(_ change: PipeChange) -> PipeChange {
    let parameter = pipeParameters[change.parameter]
    guard parameter.isFloat else { return change }
    return PipeChange(
      parameter: change.parameter, at: change.at, to: change.to.map(parameter.rounded))
  }

  private func place(of use: Use) -> Int { uses.firstIndex(of: use)! }

  // MARK: What a report says

  package var lossName: String { description.loss ?? "loss" }
  package var batch: Int { description.batch ?? 1 }
  package var hasEqualSamples: Bool { false }

  package func summary() -> ModelSummary {
    let uses = useDescriptions
    let rows = layerNames.map { name in
      let own = Set(uses.filter { $0.layer == name }.map(\.parameter))
      let layer = description.layers?.first { $0.name == name }
      return ModelSummary.Row(
        name: name, type: layer?.type ?? "layer",
        outputShape: (layer?.width).flatMap { $0 > 0 ? [$0] : nil } ?? [],
        parameters: own.reduce(0) { $0 + pipeParameters[$1].count },
        sharesWith: layerNames.filter { other in
          // A layer shares with itself what it uses several times.
          let shared = uses.filter { $0.layer == other && own.contains($0.parameter) }
          return other == name
            ? Set(shared.map(\.parameter)).count < shared.count : !shared.isEmpty
        })
    }
    return ModelSummary(
      layers: rows, totalParameters: pipeParameters.reduce(0) { $0 + $1.count },
      sumOverLayers: rows.reduce(0) { $0 + $1.parameters })
  }

  /// What can be asked besides the gradient: of a program that does not say who uses what, nothing about
  /// ties, unless it names some.
  package var scope: CheckScope {
    description.uses == nil && ties.isEmpty ? [.updates, .structure] : .everything
  }

  package var notAsked: [String] {
    var sentences: [String] = []
    if description.uses == nil {
      sentences.append("which layers share a parameter: the program does not describe its uses")
    } else if !measuresPaths {
      sentences.append(
        "the gradient through each use alone: the program does not list \"use\" in \"can\"")
    }
    if !claimsByUse {
      sentences.append(
        "what each use claims to contribute: the program does not list \"gradient_by_use\" in "
          + "\"can\"")
    }
    if updateSubjects(steps: 1).isEmpty {
      sentences.append(
        "updates: the program "
          + (capabilities.contains(.steps)
            ? "has no optimizer that can be compared" : "does not list \"steps\" in \"can\""))
    }
    sentences += (description.optimizers ?? []).filter { $0.reference == nil }.map {
      "the updates of \($0.name): there is no reference for the rule \"\($0.rule)\""
    }
    sentences.append(
      "counting, saving, loading and converting, and the outputs of single layers: a program answers "
        + "for its loss, its gradient and its steps alone")
    return sentences
  }
}
