import GSLKit

extension Chain {
  /// The same layers in another precision. Each Parameter is converted once, so that what was shared
  /// still is.
  /// - Throws: `LayerNotConvertible` for a layer that is not a `Dense`.
  public func converted<T: Scalar>(to type: T.Type = T.self) throws -> Chain<T> {
    var made: [ObjectIdentifier: Parameter<T>] = [:]
    func converted(_ parameter: Parameter<S>) -> Parameter<T> {
      if let known = made[ObjectIdentifier(parameter)] { return known }
      let values = parameter.values.converted(to: T.self)
      let copy =
        parameter.shape.count == 1
        ? Parameter(parameter.name, values.elements) : Parameter(parameter.name, values)
      copy.fixedRows = parameter.fixedRows
      made[ObjectIdentifier(parameter)] = copy
      return copy
    }
    return Chain<T>(
      try layers.map { layer in
        guard let dense = layer as? Dense<S> else { throw LayerNotConvertible(layer: layer.name) }
        return Dense<T>(
          dense.name,
          kernel: Kernel(
            converted(dense.kernel.parameter), transposed: dense.kernel.isTransposed),
          bias: dense.bias.map(converted), activation: dense.activation)
      })
  }
}

/// A layer that cannot be had in another precision.
public struct LayerNotConvertible: Error, Equatable, CustomStringConvertible {
  public let layer: String

  public var description: String {
    "layer \"\(layer)\" cannot be converted to another precision; only dense layers can."
  }

  public init(layer: String) { self.layer = layer }
}
