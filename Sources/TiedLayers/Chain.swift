import GSLKit

/// Layers one after the other.
public struct Chain<S: Scalar> {
  public var layers: [any Layer<S>]

  /// - Precondition: layer names are unique.
  public init(_ layers: [any Layer<S>]) {
    precondition(
      Set(layers.map(\.name)).count == layers.count,
      "two layers have the same name: \(layers.map(\.name))")
    self.layers = layers
  }

  /// Every Parameter once, in order of first use.
  public var parameters: [Parameter<S>] { uniqued(layers.flatMap { $0.parameters }) }

  /// The output of the last layer.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    try layers.reduce(input) { try $1.forward($0) }
  }

  /// The input of every layer, in order.
  public func inputs(_ input: Matrix<S>) throws -> [Matrix<S>] {
    var inputs = [input]
    for layer in layers.dropLast() { inputs.append(try layer.forward(inputs[inputs.count - 1])) }
    return inputs
  }

  /// The same layers with every use after the first bound to a Parameter of its own: the untied
  /// twin. A copy starts with the values its use had, in its use's orientation.
  public func untied() -> Chain {
    var seen: Set<ObjectIdentifier> = []
    var names = Set(parameters.map(\.name))
    func own(_ parameter: Parameter<S>, in layer: String) -> Parameter<S>? {
      guard !seen.insert(ObjectIdentifier(parameter)).inserted else { return nil }
      var name = "\(parameter.name)_\(layer)"
      while !names.insert(name).inserted { name += "'" }
      return parameter.copy(named: name)
    }
    var twin = self
    for l in layers.indices {
      twin.layers[l].kernels = layers[l].kernels.map { kernel in
        guard let copy = own(kernel.parameter, in: layers[l].name) else { return kernel }
        return kernel.isTransposed
          ? Kernel(Parameter(copy.name, copy.values.transposed)) : Kernel(copy)
      }
      twin.layers[l].biases = layers[l].biases.map { own($0, in: layers[l].name) ?? $0 }
    }
    return twin
  }
}
