import GSLKit
import TiedLayers

/// Which uses share a parameter, against which were meant to.
extension TieCheck {
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
    let uses = usesToTie(objective)
    return expected.filter { unseenLayers(objective, $0).isEmpty }.compactMap { layers in
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

  /// Ties of a program that cannot be told, in a sentence each: of a layer no use was described, so that the
  /// layer may use the kernel under another name, or not at all.
  func untoldTies(_ objective: any PathObjective, expected: [[String]]) -> [String] {
    expected.compactMap { layers in
      let unseen = unseenLayers(objective, layers)
      guard !unseen.isEmpty else { return nil }
      return
        "whether \(layers.joined(separator: " and ")) share one kernel cannot be told: no use by "
        + "\(unseen.joined(separator: " or ")) was found. Name the layers as the table of uses does."
    }
  }

  /// The layers of a tie that a program described no use of; none for a chain of our own, which says of
  /// every layer what it holds.
  private func unseenLayers(_ objective: any PathObjective, _ layers: [String]) -> [String] {
    guard objective.claimsByUseAreSeparate else { return [] }
    let uses = usesToTie(objective)
    return layers.filter { layer in !uses.contains { $0.isCalled(layer) } }
  }

  /// The uses that may be tied: of kernels, and of whatever a program shares.
  private func usesToTie(_ objective: any PathObjective) -> [Use] {
    objective.uses.filter {
      objective.claimsByUseAreSeparate || objective.parameters[$0.parameter].shape.count == 2
    }
  }

  /// Equal values, in one orientation or the other.
  private func holdsCopy(_ copy: any AnyParameter, of original: any AnyParameter) -> Bool {
    let (values, shape) = (copy.flat, copy.shape)
    if shape == original.shape && values == original.flat { return true }
    return shape.count == 2 && [shape[1], shape[0]] == original.shape
      && transposed(values, rows: shape[0], columns: shape[1]) == original.flat
  }

  /// Moves all parameters that a layer does not declare and watches its output for a fixed input. Which of
  /// them it reads is asked only where the output changes.
  /// A parameter with one declared use has no sum of paths that could be wrong.
  func undeclaredUses(_ objective: any LayeredObjective) throws -> [String] {
    let random = RandomSource(seed: options.seed)
    let parameters = objective.parameters
    let saved = parameters.map(\.flat)
    let moved = saved.map { values in
      let scale = tensorScale(values)
      return values.map { $0 + scale * random.uniform(-1, 1) }
    }
    let declared = Dictionary(grouping: objective.uses, by: \.layer)
      .mapValues { Set($0.map(\.parameter)) }
    defer { parameters.restore(saved) }
    var sentences: [String] = []
    for (l, layer) in objective.layerNames.enumerated() {
      if options.progress?.isCancelled ?? false { break }
      let others = parameters.indices.filter { !(declared[l]?.contains($0) ?? false) }
      guard !others.isEmpty else { continue }
      let output = try objective.layerFunction(l)
      let before = try output().map(\.bitPattern)
      /// Whether the output changes when these parameters do, and no others.
      func reads(_ chosen: [Int]) throws -> Bool {
        defer { for p in chosen { parameters[p].flat = saved[p] } }
        for p in chosen { parameters[p].flat = moved[p] }
        return try output().map(\.bitPattern) != before
      }
      guard try reads(others) else { continue }
      for p in others where try reads([p]) {
        sentences.append(
          "\(layer) uses \(parameters[p].name) without declaring it. Its kernels and biases must list "
            + "everything it reads.")
      }
    }
    return sentences
  }

  /// The same question where no layer can be run by itself: a parameter with one use is moved for that
  /// use, and for whoever reads it. The loss must be the same, but for rounding.
  func usesBesides(
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
}
