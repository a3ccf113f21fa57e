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
