import GradientCheck

extension PipeDescription {
  /// One layer for everything where the program names none.
  private static let wholeModel = "model"

  /// One use of each parameter by the whole model where the program describes none.
  var allUses: [UseDescription] {
    uses ?? parameters.indices.map { UseDescription(layer: Self.wholeModel, parameter: $0) }
  }

  /// Places of the uses whose claim is deliberately not the derivative.
  var intendedUses: [Int] {
    (uses ?? []).indices.filter { uses![$0].intended == true }
  }

  /// The names of the layers; the uses whose claims are compared; and the place of each in `uses`.
  func namedUses() -> (layers: [String], uses: [Use], places: [Int]) {
    struct Place: Hashable { let layer: String, parameter: Int }
    var known: Set<String> = []
    let layers = ((self.layers ?? []).map(\.name) + allUses.map(\.layer))
      .filter { known.insert($0).inserted }
    let numbers = Dictionary(uniqueKeysWithValues: layers.enumerated().map { ($1, $0) })
    let compared = allUses.enumerated().filter { $0.element.intended != true }
    var count: [Place: Int] = [:]
    for (_, use) in compared {
      count[Place(layer: use.layer, parameter: use.parameter), default: 0] += 1
    }
    var slots: [String: Int] = [:]
    var occurrences: [Place: Int] = [:]
    let uses = compared.map { _, use in
      let place = Place(layer: use.layer, parameter: use.parameter)
      let (slot, occurrence) = (slots[use.layer, default: 0], occurrences[place, default: 0])
      slots[use.layer] = slot + 1
      occurrences[place] = occurrence + 1
      return Use(
        layer: numbers[use.layer]!, layerName: use.layer, slot: slot,
        slotName: use.slot ?? "use \(occurrence + 1)", occurrence: occurrence,
        isRepeated: count[place]! > 1, parameter: use.parameter,
        isTransposed: use.transposed ?? false, isLossTerm: use.lossTerm ?? false)
    }
    return (layers, uses, compared.map(\.offset))
  }
}
