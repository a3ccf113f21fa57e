import GSLKit

/// Layers one after the other.
public struct Chain<S: Scalar> {
  /// The layers, first to last.
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
  /// with the values that use had, in that use's orientation. It shares nothing with this chain. Fixed
  /// rows stay fixed where they are rows of a use.
  public func untied() -> Chain {
    var names = Set<String>()
    func name(_ slot: Slot<S>, of layer: any Layer<S>) -> String {
      var name = slot.parameter.name
      if !names.insert(name).inserted {
        name += "_\(layer.name)"
        if slot.isRepeated { name += "_" + slot.name.replacing(" ", with: "_") }
        while !names.insert(name).inserted { name += "'" }
      }
      return name
    }
    var twin = self
    for (l, layer) in layers.enumerated() {
      let slots = layer.slots
      let kernels = slots.prefix(layer.kernels.count)
      twin.layers[l].kernels = kernels.map { slot in
        let values = slot.parameter.values
        return Kernel(
          Parameter(
            name(slot, of: layer), slot.isTransposed ? values.transposed : values,
            // What was a row is a column now, and of another table: its use is free to move it.
            fixedRows: slot.isTransposed ? [] : slot.parameter.fixedRows))
      }
      twin.layers[l].biases = slots.dropFirst(kernels.count).map { slot in
        slot.parameter.copy(named: name(slot, of: layer))
      }
    }
    return twin
  }
}
