import GradientCheck
import TiedLayers

/// What a report says of a program.
extension PipeObjective: SummarizedObjective {
  package var lossName: String { description.loss ?? "loss" }
  package var batch: Int { description.batch ?? 1 }
  package var hasEqualSamples: Bool { false }

  package func summary() -> ModelSummary {
    let byLayer = Dictionary(grouping: description.allUses, by: \.layer)
    let byParameter = Dictionary(grouping: description.allUses, by: \.parameter)
    let described = Dictionary(
      (description.layers ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let places = Dictionary(uniqueKeysWithValues: layerNames.enumerated().map { ($1, $0) })
    let rows = layerNames.map { name in
      let own = Set((byLayer[name] ?? []).map(\.parameter))
      // A layer shares with itself what it uses several times.
      let others = Set(
        own.flatMap { p in
          let layers = byParameter[p]!.map(\.layer)
          return layers.filter { $0 != name }
            + (layers.count { $0 == name } > 1 ? [name] : [])
        })
      return ModelSummary.Row(
        name: name, type: described[name]?.type ?? "layer",
        outputShape: (described[name]?.width).flatMap { $0 > 0 ? [$0] : nil } ?? [],
        parameters: own.reduce(0) { $0 + pipeParameters[$1].count },
        sharesWith: others.sorted { places[$0]! < places[$1]! })
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

  package var notCompared: [UpdateResult.NotCompared] {
    (description.optimizers ?? []).compactMap { optimizer in
      optimizer.whyNotCompared.map { .init(name: optimizer.name, reason: $0) }
    }
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
        description.claimsByUse == "apart"
          ? "what each use claims to contribute: the program makes these claims another way than the "
            + "gradient that it trains by, so that they cannot be compared"
          : "what each use claims to contribute: the program does not list \"gradient_by_use\" in "
            + "\"can\"")
    }
    if let missingDouble { sentences.append("the loss in Double: \(missingDouble)") }
    if updateSubjects(steps: 1).isEmpty {
      sentences.append(
        "updates: the program "
          + (capabilities.contains(.steps)
            ? "has no optimizer that can be compared" : "does not list \"steps\" in \"can\""))
    }
    sentences += notCompared.map { "the updates of \($0.name): \($0.reason)" }
    sentences.append(
      "counting, saving, loading and converting, and the outputs of single layers: a program answers "
        + "for its loss, its gradient and its steps alone")
    return sentences
  }
}
