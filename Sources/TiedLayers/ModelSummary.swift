import GSLKit

/// The table of a model's layers. A shared Parameter is listed in every layer that uses it, once however
/// often that one does, and counted once in the total.
public struct ModelSummary: Codable, Equatable, Sendable {
  /// One layer.
  public struct Row: Codable, Equatable, Sendable {
    /// The layer's name.
    public let name: String
    /// What the layer is, such as "Dense (tanh)".
    public let type: String
    /// The shape of the output, such as [5] or [height, width, channels], the batch left open; empty where
    /// it is not known.
    public let outputShape: [Int]
    /// How many numbers the layer's Parameters hold.
    public let parameters: Int
    /// The layers that use one of this layer's Parameters once more: others, or this one itself.
    public let sharesWith: [String]

    /// "(batch, 5)"; "-" where the shape is not known.
    package var outputText: String {
      outputShape.isEmpty
        ? "-" : "(\((["batch"] + outputShape.map(String.init)).joined(separator: ", ")))"
    }

    /// "encoder, decoder", or "itself"; "-" where nothing is shared.
    package func sharesText(_ shown: (String) -> String = { $0 }) -> String {
      sharesWith.isEmpty
        ? "-"
        : sharesWith.map { $0 == name ? "itself" : shown($0) }.joined(separator: ", ")
    }

    enum CodingKeys: String, CodingKey {
      case name, type, parameters
      case outputShape = "output_shape"
      case sharesWith = "shares_with"
    }

    /// Writes the shape with null in the place of the batch.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(type, forKey: .type)
      try container.encode([nil] + outputShape, forKey: .outputShape)
      try container.encode(parameters, forKey: .parameters)
      try container.encode(sharesWith, forKey: .sharesWith)
    }

    /// Reads what `encode(to:)` writes.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decode(String.self, forKey: .name)
      type = try container.decode(String.self, forKey: .type)
      outputShape = try container.decode([Int?].self, forKey: .outputShape).compactMap { $0 }
      parameters = try container.decode(Int.self, forKey: .parameters)
      sharesWith = try container.decode([String].self, forKey: .sharesWith)
    }

    /// A row from its numbers: of a model that is not a `Chain`.
    package init(
      name: String, type: String, outputShape: [Int], parameters: Int, sharesWith: [String]
    ) {
      self.name = name
      self.type = type
      self.outputShape = outputShape
      self.parameters = parameters
      self.sharesWith = sharesWith
    }
  }

  /// One row for each layer, in order.
  public let layers: [Row]
  /// Every Parameter counted once.
  public let totalParameters: Int
  /// The layers' rows added up: larger than the total where something is shared.
  public let sumOverLayers: Int

  enum CodingKeys: String, CodingKey {
    case layers
    case totalParameters = "total_parameters"
    case sumOverLayers = "sum_over_layers"
  }

  /// A table from its rows: of a model that is not a `Chain`.
  package init(layers: [Row], totalParameters: Int, sumOverLayers: Int) {
    self.layers = layers
    self.totalParameters = totalParameters
    self.sumOverLayers = sumOverLayers
  }

  /// - Parameter input: a batch, of which only the width matters.
  /// - Throws: `ShapeMismatch` where the layers do not fit together.
  package init<S: Scalar>(_ chain: Chain<S>, input: Matrix<S>) throws {
    var activations = input
    var rows: [Row] = []
    for layer in chain.layers {
      activations = try layer.forward(activations)
      let own = Set(layer.parameters.map(ObjectIdentifier.init))
      let shape = layer.outputShape ?? [activations.columns]
      rows.append(
        Row(
          name: layer.name, type: layer.kind, outputShape: shape,
          parameters: layer.parameters.reduce(0) { $0 + $1.count },
          sharesWith: chain.layers.filter { other in
            other.name == layer.name
              ? layer.slots.contains(where: \.isRepeated)
              : other.parameters.contains { own.contains(ObjectIdentifier($0)) }
          }.map(\.name)))
    }
    layers = rows
    totalParameters = chain.parameters.reduce(0) { $0 + $1.count }
    sumOverLayers = rows.reduce(0) { $0 + $1.parameters }
  }
}
