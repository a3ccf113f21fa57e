import Foundation
import GSLKit

/// A network and its batch as JSON: layers in order, each naming the kernels and biases it uses. Two
/// uses that name the same kernel are tied, and still are after saving and loading.
///
///     { "layers": [ {"type": "dense", "kernel": "W", "transposed": false, "bias": "b",
///                    "activation": "tanh"}, ... ],
///       "loss": "mean_squared_error", "input": [[...]], "target": [[...]],
///       "parameters": { "W": [[...]], "b": [...] } }
///
/// `"fixed_rows": { "E": [0] }` names rows of kernels that are not trained. Other keys are ignored. `bias`
/// may be null or absent, `name` gives a layer a name. What else stands in
/// an entry is said by the layer's kind: see `SavedLayer`.
package struct ModelFile<S: Scalar> {
  package var network: Network<S>
  package var input: Matrix<S>
  package var target: Matrix<S>

  package init(network: Network<S>, input: Matrix<S>, target: Matrix<S>) {
    self.network = network
    self.input = input
    self.target = target
  }

  // MARK: Reading

  /// - Parameter kinds: the kinds of layers that may occur, beyond those that ship.
  /// - Throws: `ModelFileError`, a sentence for the person who wrote the file.
  package init(json: Data, kinds: [any SavedLayer.Type] = []) throws {
    let kinds = kinds + shippedKinds
    let document: ModelDocument
    do {
      document = try JSONDecoder().decode(ModelDocument.self, from: json)
    } catch let error as DecodingError {
      throw ModelFileError(Self.sentence(for: error))
    }
    guard !document.layers.isEmpty else {
      throw ModelFileError("\"layers\" is empty; a model needs at least one layer.")
    }
    guard let loss = Loss(rawValue: document.loss) else {
      throw ModelFileError(
        "\"loss\" is \"\(document.loss)\"; expected one of "
          + "\(Loss.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")).")
    }
    input = try Self.matrix(document.input, named: "input")
    target = try Self.matrix(document.target, named: "target")

    var parameters: [String: Parameter<S>] = [:]
    for (name, tensor) in document.parameters.sorted(by: { $0.key < $1.key }) {
      switch tensor {
      case .vector(let values):
        try Self.requireFinite(values, named: name)
        parameters[name] = Parameter(name, values.map { S($0) })
      case .matrix(let rows):
        parameters[name] = Parameter(name, try Self.matrix(rows, named: name))
      }
    }
    for (name, rows) in (document.fixedRows ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let parameter = parameters[name], parameter.shape.count == 2 else {
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

    var used: Set<String> = []
    func parameter(_ name: String, in layer: String, as role: String, rank: Int) throws
      -> Parameter<S>
    {
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

    var layers: [any Layer<S>] = []
    var activations = input
    for (i, values) in document.layers.enumerated() {
      var name = "layer\(i + 1)"
      if case .text(let given) = values["name"] ?? .null { name = given }
      let entry = LayerReader(
        name: name, inputWidth: activations.columns, index: i, values: values
      ) { key, role, rank in
        try parameter(key, in: "layer \(i + 1) (\"\(name)\")", as: role, rank: rank)
      }
      guard !layers.contains(where: { $0.name == name }) else {
        throw ModelFileError(
          "\(entry.label): another layer has this name already; names must be unique.")
      }
      guard case .text(let type) = values["type"] ?? .null else {
        throw ModelFileError("\"type\" is missing at layers[\(i)], \(entry.label).")
      }
      guard let kind = kinds.first(where: { $0.fileType == type }) else {
        let known = uniqueTypes(kinds).map { "\"\($0)\"" }.joined(separator: ", ")
        throw entry.error("has type \"\(type)\"; expected one of \(known).")
      }
      let layer = try kind.read(entry)
      do {
        activations = try layer.forward(activations)
      } catch {
        throw ModelFileError("\(error)")
      }
      layers.append(layer)
    }
    let width = activations.columns
    for name in parameters.keys.sorted() where !used.contains(name) {
      throw ModelFileError(
        "parameter \"\(name)\" is used by no layer. Name it in a layer, or remove it.")
    }
    guard input.rows > 0 else { throw ModelFileError("\"input\" has no rows; expected a batch.") }
    guard target.rows == input.rows, target.columns == width else {
      throw ModelFileError(
        "\"target\" is \(target.rows) x \(target.columns); expected \(input.rows) x \(width), one "
          + "row for each row of \"input\" and one column for each output.")
    }
    network = Network(Chain(layers), loss: loss)
  }

  private static func matrix(_ rows: [[Double]], named name: String) throws -> Matrix<S> {
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

  private static func sentence(for error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      guard !path.isEmpty else { return "the top level" }
      return path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        .drop { $0 == "." }.description
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "\"\(key.stringValue)\" is missing at \(place(context.codingPath)). A model file has "
        + "\"layers\", \"loss\", \"input\", \"target\" and \"parameters\"."
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context.codingPath)) is not of the expected kind: \(context.debugDescription)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      return "it is not JSON (numbers must be finite, text in double quotes)."
    case .dataCorrupted(let context):
      return "\(place(context.codingPath)) cannot be read: \(context.debugDescription)"
    @unknown default:
      return "it cannot be read: \(error)"
    }
  }

  // MARK: Writing

  /// The file's text, the same bytes for the same model.
  /// - Throws: `ModelFileError` for a layer that is not a `SavedLayer`, for a number that is not finite,
  ///   and for two Parameters of one name: loaded again, they would be one.
  package func json() throws -> Data {
    if let penalty = network.penalty {
      throw ModelFileError(
        "the loss has the term \"\(penalty.name)\", which a model file cannot hold. Save the model "
          + "without it.")
    }
    let parameters = network.chain.parameters.map { ($0.name, $0.values) }
    for (name, matrix) in [("input", input), ("target", target)] + parameters {
      if let value = matrix.elements.first(where: { !$0.isFinite }) {
        throw ModelFileError(
          "\"\(name)\" holds \(value), which JSON cannot hold; only finite numbers can be saved.")
      }
    }
    var tensors: [String: Tensor] = [:]
    for parameter in network.chain.parameters {
      let values = parameter.values.nested.map { $0.map { Double($0) } }
      let tensor: Tensor = parameter.shape.count == 2 ? .matrix(values) : .vector(values[0])
      guard tensors.updateValue(tensor, forKey: parameter.name) == nil else {
        throw ModelFileError(
          "two parameters are called \"\(parameter.name)\"; loaded again they would be tied. "
            + "Give each a name of its own.")
      }
    }
    let entries = try network.chain.layers.map { layer -> [String: FileValue] in
      guard let saved = layer as? any SavedLayer<S> else {
        throw ModelFileError(
          "layer \"\(layer.name)\" (\(layer.kind)) cannot be saved: its kind is not a SavedLayer.")
      }
      return Self.entry(saved)
    }
    let fixed = Dictionary(
      uniqueKeysWithValues: network.chain.parameters.filter { !$0.fixedRows.isEmpty }.map {
        ($0.name, $0.fixedRows.sorted())
      })
    let document = ModelDocument(
      layers: entries, loss: network.loss.rawValue,
      input: input.nested.map { $0.map { Double($0) } },
      target: target.nested.map { $0.map { Double($0) } }, parameters: tensors,
      fixedRows: fixed.isEmpty ? nil : fixed)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(document)
  }

  private static func entry<L: SavedLayer<S>>(_ layer: L) -> [String: FileValue] {
    var writer = LayerWriter<S>(key: { $0.name })
    layer.write(to: &writer)
    return writer.values.merging(
      ["name": .text(layer.name), "type": .text(L.fileType)], uniquingKeysWith: { $1 })
  }
}

/// What is wrong with a model file, in one sentence.
package struct ModelFileError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

private struct ModelDocument: Codable {
  var layers: [[String: FileValue]]
  var loss: String
  var input: [[Double]]
  var target: [[Double]]
  var parameters: [String: Tensor]
  var fixedRows: [String: [Int]]?

  enum CodingKeys: String, CodingKey {
    case layers, loss, input, target, parameters
    case fixedRows = "fixed_rows"
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

private enum Tensor: Codable {
  case vector([Double])
  case matrix([[Double]])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let vector = try? container.decode([Double].self), !vector.isEmpty {
      self = .vector(vector)
    } else {
      self = .matrix(try container.decode([[Double]].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .vector(let values): try container.encode(values)
    case .matrix(let rows): try container.encode(rows)
    }
  }
}
