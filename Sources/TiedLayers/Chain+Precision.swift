import GSLKit

extension Chain {
  /// The same layers in another precision. Each Parameter is converted once, so that what was shared
  /// still is.
  /// - Throws: `LayerNotConvertible` for a layer that does not say how it is written down and read.
  package func converted<T: Scalar>(to type: T.Type = T.self) throws -> Chain<T> {
    let old = parameters
    let new = old.map { parameter -> Parameter<T> in
      let values = parameter.values.converted(to: T.self)
      let copy =
        parameter.shape.count == 1
        ? Parameter(parameter.name, values.elements) : Parameter(parameter.name, values)
      copy.fixedRows = parameter.fixedRows
      return copy
    }
    let place = Dictionary(
      uniqueKeysWithValues: old.enumerated().map { (ObjectIdentifier($1), $0) })
    return Chain<T>(
      try layers.enumerated().map { index, layer in
        guard let saved = layer as? any SavedLayer<S> else {
          throw LayerNotConvertible(layer: layer.name)
        }
        return try Self.rebuilt(
          saved, index, key: { "\(place[ObjectIdentifier($0)]!)" }, parameter: { new[Int($0)!] })
      })
  }

  private static func rebuilt<L: SavedLayer<S>, T: Scalar>(
    _ layer: L, _ index: Int, key: @escaping (Parameter<S>) -> String,
    parameter: @escaping (String) -> Parameter<T>
  ) throws -> any Layer<T> {
    var writer = LayerWriter<S>(key: key)
    layer.write(to: &writer)
    return try L.read(
      LayerReader<T>(
        name: layer.name, inputWidth: nil, index: index, values: writer.values,
        parameter: { key, _, _ in parameter(key) }))
  }
}

/// A layer that cannot be had in another precision.
package struct LayerNotConvertible: Error, Equatable, CustomStringConvertible {
  package let layer: String

  package var description: String {
    "layer \"\(layer)\" cannot be converted to another precision: its kind is not a SavedLayer."
  }

  package init(layer: String) { self.layer = layer }
}
