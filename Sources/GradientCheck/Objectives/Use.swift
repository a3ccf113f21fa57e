/// One use of a parameter by a layer, or by a term of the loss: the source of one path of its gradient.
///
/// A layer that uses a parameter several times, at every time step or in each tower, has one use for
/// each; so the uses within a layer and those across layers are the same thing.
public struct Use: Hashable, Sendable {
  /// The layer's place in the chain, and its name.
  public let layer: Int
  /// The layer's name.
  public let layerName: String
  /// The place among the layer's kernels and, after them, biases.
  public var slot = 0
  /// The layer's word for that slot, such as "step 3"; empty where it has none.
  public var slotName = ""
  /// How many of the layer's slots before this one hold the same parameter, and whether any other does.
  public var occurrence = 0
  /// Whether another slot of the layer holds the same parameter.
  public var isRepeated = false
  /// The parameter's place in `Objective.parameters`.
  public let parameter: Int
  /// Whether this use reads the parameter transposed.
  public let isTransposed: Bool
  /// Whether a term of the loss uses it, and no layer. Such a term counts as one layer more, after
  /// the last.
  public var isLossTerm = false

  /// A use of parameter number `parameter` by layer number `layer`.
  public init(
    layer: Int, layerName: String, slot: Int = 0, slotName: String = "", occurrence: Int = 0,
    isRepeated: Bool = false, parameter: Int, isTransposed: Bool, isLossTerm: Bool = false
  ) {
    self.layer = layer
    self.layerName = layerName
    self.slot = slot
    self.slotName = slotName
    self.occurrence = occurrence
    self.isRepeated = isRepeated
    self.parameter = parameter
    self.isTransposed = isTransposed
    self.isLossTerm = isLossTerm
  }

  /// What reports say beside the layer: nil where the layer's name says it all.
  public var detail: String? { isRepeated ? slotName : nil }

  /// What reports call this use: "decoder", or "rnn step 3".
  public var name: String { useName(layer: layerName, use: detail) }

  /// Whether `name` means this use: by its layer, or by its layer and slot.
  func isCalled(_ name: String) -> Bool {
    name == layerName || name == useName(layer: layerName, use: slotName)
  }
}

/// A record about one use.
public protocol UseRecorded {
  /// The layer, by name.
  var layer: String { get }
  /// Which use within the layer; nil where the layer has only one.
  var use: String? { get }
}

extension UseRecorded {
  /// "decoder", or "rnn step 3".
  public var name: String { useName(layer: layer, use: use) }
}

private func useName(layer: String, use: String?) -> String {
  use.map { $0.isEmpty ? layer : "\(layer) \($0)" } ?? layer
}
