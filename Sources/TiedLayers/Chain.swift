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

  /// The untied twin: the same layers with every use bound to a Parameter of its own, which starts
  /// with the values that use had, in that use's orientation. It shares nothing with this chain.
  public func untied() -> Chain {
    var names = Set<String>()
    func name(_ parameter: Parameter<S>, in layer: any Layer<S>) -> String {
      var name = parameter.name
      if !names.insert(name).inserted {
        name += "_\(layer.name)"
        while !names.insert(name).inserted { name += "'" }
      }
      return name
    }
    var twin = self
    for (l, layer) in layers.enumerated() {
      twin.layers[l].kernels = layer.kernels.map { kernel in
        let values = kernel.parameter.values
        return Kernel(
          name(kernel.parameter, in: layer), kernel.isTransposed ? values.transposed : values)
      }
      twin.layers[l].biases = layer.biases.map { $0.copy(named: name($0, in: layer)) }
    }
    return twin
  }
}
