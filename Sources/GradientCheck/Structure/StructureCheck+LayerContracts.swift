import GSLKit
import TiedLayers

/// Questions about what some layers promise beyond what every layer does (see LayerContracts.swift in
/// TiedLayers). They compare outputs only: they know neither loss nor gradient.
extension StructureCheck {
  /// A lookup reads the rows it looks up and no others, each at its own places. So its gradient is
  /// nonzero on these rows alone, while the projection that shares the table has one on every row (Press
  /// & Wolf, arXiv 1608.05859). The answer also says on how many rows each use claims a gradient; the
  /// gradient check judges whether that is right.
  func lookups(_ objective: ChainObjective<Double>) throws -> StructureResult.Question? {
    let question = "Does a lookup read the rows that it looks up, and no others?"
    let chain = objective.network.chain
    let inputs = try chain.inputs(objective.input)
    var told: [String] = []
    var wrong: [String] = []
    for (l, layer) in chain.layers.enumerated() {
      guard let lookup = layer as? any LookupLayer<Double>, !layer.kernels.isEmpty else { continue }
      let rows = try lookup.rows(inputs[l])
      if let fault = try stray(lookup, rows: rows, at: inputs[l]) {
        wrong.append("\(layer.name) \(fault)")
      }
      told.append(
        "\(layer.name) looks up \(Set(rows).count) of \(layer.kernels[0].rows) rows"
          + (try claimedRows(objective, layer: l)))
    }
    guard !told.isEmpty else { return nil }
    return wrong.isEmpty
      ? .passed(question, "it does; " + told.joined(separator: "; "))
      : .failed(question, id: nil, wrong.joined(separator: "; "))
  }

  /// What a lookup reads that it should not, or does not read that it should.
  private func stray(
    _ lookup: any LookupLayer<Double>, rows: [Int], at input: Matrix<Double>
  ) throws -> String? {
    var layer: any Layer<Double> = lookup
    let own = layer.kernels[0].parameter.copy(named: "rows moved")
    let start = own.values
    layer.rebind(slot: 0, to: own)
    let table = layer.kernels[0]
    let before = try layer.forward(input)
    guard rows.count > 0, before.elements.count % rows.count == 0 else { return nil }
    let width = before.elements.count / rows.count
    /// The places of the input at which the output changes when some rows of the table do.
    func touched(_ moved: [Int]) throws -> Set<Int> {
      defer { own.values = start }
      for i in moved {
        for j in 0..<table.columns { table[i, j] += 1 + abs(table[i, j]) }
      }
      let after = try layer.forward(input)
      return Set(
        before.elements.indices.filter { before.elements[$0] != after.elements[$0] }
          .map { $0 / width })
    }
    let used = Set(rows)
    guard try touched((0..<table.rows).filter { !used.contains($0) }).isEmpty else {
      return "reads rows that it does not look up"
    }
    for row in used.sorted() {
      guard try touched([row]) == Set(rows.indices.filter { rows[$0] == row }) else {
        return "does not read row \(row) just where it is looked up"
      }
    }
    return nil
  }

  /// On how many rows of a lookup's table each of its uses claims a gradient.
  private func claimedRows(_ objective: ChainObjective<Double>, layer: Int) throws -> String {
    let uses = objective.uses
    guard let own = uses.first(where: { $0.layer == layer && $0.slot == 0 }) else { return "" }
    let shape = objective.parameters[own.parameter].shape
    let counts = zip(uses, try objective.gradientsByUse()).compactMap {
      use, claimed -> String? in
      guard use.parameter == own.parameter, let claimed else { return nil }
      let table =
        own.isTransposed ? transposed(claimed, rows: shape[0], columns: shape[1]) : claimed
      let width = shape[own.isTransposed ? 0 : 1]
      let rows = (0..<(table.count / width)).count { row in
        table[(row * width)..<((row + 1) * width)].contains { $0 != 0 }
      }
      return "\(rows) through \(use.name)"
    }
    return ", and claims a gradient on " + counts.joined(separator: " and on ")
  }

  /// Two towers over one kernel do the same to either of a pair: turned round, the pair's outputs are
  /// turned round and nothing else.
  func towers(_ objective: ChainObjective<Double>) throws -> StructureResult.Question? {
    let question = "Do both towers do the same to either of a pair?"
    let chain = objective.network.chain
    let inputs = try chain.inputs(objective.input)
    var looked = 0
    var wrong: [String] = []
    for (layer, input) in zip(chain.layers, inputs) {
      // Untied towers may differ.
      guard layer is any PairLayer<Double>, layer.slots.allSatisfy(\.isRepeated) else { continue }
      looked += 1
      let (there, back) = (try layer.forward(input), try layer.forward(input.turned()))
      let scale = rootMeanSquare(there.elements)
      let differs = zip(there.elements, try back.turned().elements).contains {
        abs($0 - $1) > 1e-12 * max(abs($0), scale)
      }
      if differs { wrong.append("\(layer.name) treats the second of a pair otherwise") }
    }
    guard looked > 0 else { return nil }
    return wrong.isEmpty
      ? .passed(
        question, "\(looked) \(looked == 1 ? "layer was" : "layers were") asked, and they do")
      : .failed(question, id: nil, wrong.joined(separator: "; "))
  }
}

extension Matrix {
  /// The halves of each row in each other's place.
  fileprivate func turned() throws -> Matrix {
    let half = columns / 2
    return try Matrix(sideBySide: [columns(half..<columns), columns(0..<half)])
  }
}
