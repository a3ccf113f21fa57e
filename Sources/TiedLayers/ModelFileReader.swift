import Foundation
import GSLKit

extension ModelFile {
  /// - Parameter kinds: the kinds of layers that may occur, beyond those that ship.
  /// - Throws: `ModelFileError`, a sentence for the person who wrote the file.
  package init(json: Data, kinds: [any SavedLayer.Type] = []) throws {
    let document = try ModelDocument.decode(json)
    guard !document.layers.isEmpty else {
      throw ModelFileError("\"layers\" is empty; a model needs at least one layer.")
    }
    let loss = try ModelFileReader<S>.loss(document.loss)
    let input = try ModelFileReader<S>.matrix(document.input, named: "input")
    let target = try ModelFileReader<S>.matrix(document.target, named: "target")
    var reader = ModelFileReader<S>(
      parameters: try ModelFileReader.parameters(document), kinds: kinds + shippedKinds)
    let (layers, output) = try reader.layers(document.layers, on: input)
    try reader.requireAllParametersUsed()
    guard input.rows > 0 else { throw ModelFileError("\"input\" has no rows; expected a batch.") }
    guard target.rows == input.rows, target.columns == output.columns else {
      throw ModelFileError(
        "\"target\" is \(target.rows) x \(target.columns); expected \(input.rows) x "
          + "\(output.columns), one row for each row of \"input\" and one column for each output.")
    }
    if loss == .binaryCrossEntropy,
      let value = target.elements.first(where: { !($0 >= 0 && $0 <= 1) })
    {
      throw ModelFileError(
        "\"target\" holds \(value), and binary cross-entropy expects numbers in [0, 1]. Scale the "
          + "target, or choose another loss.")
    }
    self.init(network: Network(Chain(layers), loss: loss), input: input, target: target)
  }
}

/// Makes a network of what a model file says, step by step. Every step throws `ModelFileError`, a sentence
/// for the person who wrote the file.
private struct ModelFileReader<S: Scalar> {
  let parameters: [String: Parameter<S>]
  let kinds: [any SavedLayer.Type]
  private var used: Set<String> = []

  init(parameters: [String: Parameter<S>], kinds: [any SavedLayer.Type]) {
    self.parameters = parameters
    self.kinds = kinds
  }

  static func loss(_ name: String) throws -> Loss {
    guard let loss = Loss(rawValue: name) else {
      throw ModelFileError(
        "\"loss\" is \"\(name)\"; expected one of "
          + "\(Loss.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")).")
    }
    return loss
  }

  // MARK: Parameters

  /// All parameters of a file, with the rows of them that are not trained.
  static func parameters(_ document: ModelDocument) throws -> [String: Parameter<S>] {
    var parameters: [String: Parameter<S>] = [:]
    for (name, tensor) in document.parameters.sorted(by: { $0.key < $1.key }) {
      switch tensor {
      case .vector(let values):
        try requireFinite(values, named: name)
        parameters[name] = Parameter(name, values.map { S($0) })
      case .matrix(let rows):
        parameters[name] = Parameter(name, try matrix(rows, named: name))
      }
    }
    for (name, rows) in (document.fixedRows ?? [:]).sorted(by: { $0.key < $1.key }) {
      try fix(rows, of: parameters[name], named: name)
    }
    return parameters
  }

  private static func fix(_ rows: [Int], of parameter: Parameter<S>?, named name: String) throws {
    guard let parameter, parameter.shape.count == 2 else {
      throw ModelFileError(
        "\"fixed_rows\" names \"\(name)\", which is not a matrix among the parameters.")
    }
    if let row = rows.first(where: { !(0..<parameter.shape[0]).contains($0) }) {
      throw ModelFileError(
        "\"fixed_rows\" names row \(row) of \"\(name)\", which has the rows 0 to "
          + "\(parameter.shape[0] - 1).")
    }
    parameter.fixedRows = Set(rows)
  }

  static func matrix(_ rows: [[Double]], named name: String) throws -> Matrix<S> {
    let columns = rows.first?.count ?? 0
    guard columns > 0 else {
      throw ModelFileError("\"\(name)\" is empty; expected rows of numbers.")
    }
    for (i, row) in rows.enumerated() {
      guard row.count == columns else {
        throw ModelFileError(
          "\"\(name)\" is ragged: row \(i + 1) has \(row.count) numbers, row 1 has \(columns).")
      }
      try requireFinite(row, named: name)
    }
    return try Matrix(rows.map { $0.map { S($0) } })
  }

  /// A number can be finite in the file and overflow the precision that was asked for.
  private static func requireFinite(_ values: [Double], named name: String) throws {
    if let value = values.first(where: { !S($0).isFinite }) {
      throw ModelFileError("\"\(name)\" holds \(value), which is not a finite \(S.self).")
    }
  }

  /// The parameter that a layer names, for a role that needs a rank.
  private mutating func parameter(
    _ name: String, in layer: String, as role: String, rank: Int
  ) throws -> Parameter<S> {
    guard let parameter = parameters[name] else {
      let known = parameters.keys.sorted().joined(separator: ", ")
      throw ModelFileError(
        "\(layer) names the \(role) \"\(name)\", which is not among the parameters (\(known)).")
    }
    guard parameter.shape.count == rank else {
      let expected = rank == 2 ? "a matrix (rows of numbers)" : "a list of numbers"
      throw ModelFileError(
        "\(layer) uses \"\(name)\" as its \(role); got shape \(shapeText(parameter.shape)), "
          + "expected \(expected).")
    }
    used.insert(name)
    return parameter
  }

  func requireAllParametersUsed() throws {
    for name in parameters.keys.sorted() where !used.contains(name) {
      throw ModelFileError(
        "parameter \"\(name)\" is used by no layer. Name it in a layer, or remove it.")
    }
  }

  // MARK: Layers

  /// The layers in order, and what they make of the input.
  mutating func layers(
    _ entries: [[String: FileValue]], on input: Matrix<S>
  ) throws -> (layers: [any Layer<S>], output: Matrix<S>) {
    var layers: [any Layer<S>] = []
    var activations = input
    for (i, values) in entries.enumerated() {
      let layer = try layer(i, values, after: layers, inputWidth: activations.columns)
      try requireRoom(for: layer, activations)
      do {
        activations = try layer.forward(activations)
      } catch {
        throw ModelFileError("\(error)")
      }
      layers.append(layer)
    }
    return (layers, activations)
  }

  /// The most numbers that a batch may make on its way through one layer: 512 MiB of them.
  private static var largestPass: Double { 67_108_864 }

  private func requireRoom(for layer: any Layer<S>, _ input: Matrix<S>) throws {
    guard let saved = layer as? any SavedLayer<S> else { return }
    let numbers = Double(input.rows) * saved.numbers(inputWidth: input.columns)
    guard numbers <= Self.largestPass else {
      throw ModelFileError(
        "layer \"\(layer.name)\" would make about \(String(format: "%.3g", numbers)) numbers of this "
          + "batch, and at most \(Int(Self.largestPass)) fit. Use fewer rows, shorter sequences or "
          + "narrower layers.")
    }
  }

  private mutating func layer(
    _ index: Int, _ values: [String: FileValue], after layers: [any Layer<S>], inputWidth: Int
  ) throws -> any Layer<S> {
    var name = "layer\(index + 1)"
    if case .text(let given) = values["name"] ?? .null { name = given }
    // The kind of the layer asks for its parameters, and which it asked for is noted after it is read.
    var reader = self
    let entry = LayerReader(name: name, inputWidth: inputWidth, index: index, values: values) {
      key, role, rank in
      try reader.parameter(key, in: "layer \(index + 1) (\"\(name)\")", as: role, rank: rank)
    }
    guard !layers.contains(where: { $0.name == name }) else {
      throw ModelFileError(
        "\(entry.label): another layer has this name already; names must be unique.")
    }
    guard case .text(let type) = values["type"] ?? .null else {
      throw ModelFileError("\"type\" is missing at layers[\(index)], \(entry.label).")
    }
    guard let kind = kinds.first(where: { $0.fileType == type }) else {
      let known = uniqueTypes(kinds).map { "\"\($0)\"" }.joined(separator: ", ")
      throw entry.error("has type \"\(type)\"; expected one of \(known).")
    }
    let layer = try kind.read(entry)
    used = reader.used
    return layer
  }
}

/// Every kind of layer that ships. This is the line that a new kind is added to.
private var shippedKinds: [any SavedLayer.Type] {
  [
    Dense<Double>.self, Recurrent<Double>.self, Convolution<Double>.self,
    TransposedConvolution<Double>.self, Embedding<Double>.self, Attention<Double>.self,
    Siamese<Double>.self, PairDistance<Double>.self,
  ]
}

/// The types of some kinds, each once, in their order.
private func uniqueTypes(_ kinds: [any SavedLayer.Type]) -> [String] {
  kinds.reduce(into: []) { types, kind in
    if !types.contains(kind.fileType) { types.append(kind.fileType) }
  }
}
