import GSLKit
import TiedLayers

/// A network with a batch.
///
/// A path is measured without asking the model. Across layers, the change stands only while the one
/// layer runs, which also catches a layer that reads another's kernel behind its back. Where a layer
/// holds a parameter in several slots, the one slot is bound to a parameter of its own, made once for
/// all evaluations, and that one is changed.
public final class ChainObjective<S: Scalar>: LayeredObjective {
  /// The layers and the loss.
  public let network: Network<S>
  /// batch x inputs.
  public let input: Matrix<S>
  /// batch x outputs.
  public let target: Matrix<S>
  /// The Parameters themselves, each once, in order of first use.
  public let typedParameters: [Parameter<S>]
  /// Every use of every parameter, in the order of the layers and their slots.
  public let uses: [Use]

  /// - Parameters:
  ///   - network: the layers and the loss.
  ///   - input: batch x inputs.
  ///   - target: batch x outputs.
  public init(_ network: Network<S>, input: Matrix<S>, target: Matrix<S>) {
    self.network = network
    self.input = input
    self.target = target
    typedParameters = uniqued(network.chain.parameters + (network.penalty?.parameters ?? []))
    uses = Self.uses(of: network, typedParameters)
  }

  /// The same as `typedParameters`.
  public var parameters: [any AnyParameter] { typedParameters }

  /// The loss of the batch.
  public func value() throws -> Double {
    try network.value(input, target: target).asDouble
  }

  /// A Float network with its batch in Double, if all its layers can be converted.
  public func doubleTwin() -> (any Objective)? {
    guard S.self != Double.self, network.penalty == nil,
      let chain = try? network.chain.converted(to: Double.self)
    else { return nil }
    return ChainObjective<Double>(
      Network(chain, loss: network.loss), input: input.converted(to: Double.self),
      target: target.converted(to: Double.self))
  }

  /// The gradient of the network's own backward pass; nil for a parameter that nothing was added
  /// for.
  public func gradients() throws -> [[Double]?] {
    try network.gradients(input, target: target).flat(for: parameters)
  }

  /// The layers' names, and the penalty's where there is one.
  public var layerNames: [String] {
    network.chain.layers.map(\.name) + (network.penalty.map { [$0.name] } ?? [])
  }

  private static func uses(of network: Network<S>, _ parameters: [Parameter<S>]) -> [Use] {
    let index = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { (ObjectIdentifier($1), $0) })
    var uses: [Use] = []
    for (l, layer) in network.chain.layers.enumerated() {
      uses += layer.slots.map { slot in
        Use(
          layer: l, layerName: layer.name, slot: slot.index, slotName: slot.name,
          occurrence: slot.occurrence, isRepeated: slot.isRepeated,
          parameter: index[ObjectIdentifier(slot.parameter)]!, isTransposed: slot.isTransposed)
      }
    }
    if let penalty = network.penalty {
      uses += penalty.parameters.map { parameter in
        Use(
          layer: network.chain.layers.count, layerName: penalty.name,
          parameter: index[ObjectIdentifier(parameter)]!, isTransposed: false, isLossTerm: true)
      }
    }
    return uses
  }

  /// One backward pass, in which every slot that shares its parameter with another slot of its layer
  /// has a parameter of its own.
  public func gradientsByUse() throws -> [[Double]?] {
    let parameters = typedParameters
    let uses = uses
    var apart = network
    let read = uses.map { use -> Parameter<S> in
      guard use.isRepeated else { return parameters[use.parameter] }
      return apart.chain.standIn(for: use, parameters[use.parameter])
    }
    let byLayer = try apart.gradientsByLayer(input, target: target)
    return zip(uses, read).map { use, parameter in
      byLayer[use.layer].flat(for: [parameter])[0]
    }
  }

  /// The loss as a function of what one use alone sees. The layers before it run once.
  public func pathFunction(_ use: Use) throws -> PathFunction {
    let start =
      use.isLossTerm
      ? try network.lossInput(input) : try layerInputs()[use.layer]
    let parameter = typedParameters[use.parameter]
    guard use.isRepeated else {
      return { [self] change in
        let value = try network.value(fromLayer: use.layer, start, target: target) { l, run in
          guard l == use.layer else { return try run() }
          return try parameter.standing(change, run)
        }
        return value.asDouble
      }
    }
    var apart = network
    let standIn = apart.chain.standIn(for: use, parameter)
    return { [apart, target] change in
      try standIn.standing(change) {
        try apart.value(fromLayer: use.layer, start, target: target) { try $1() }.asDouble
      }
    }
  }

  package func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    guard layer < network.chain.layers.count else {
      return { [self] in [Double(network.penalty!.value())] }
    }
    let layerInput = try telling(layer)
    return { [self] in
      S.doubles(try network.chain.layers[layer].forward(layerInput).elements)
    }
  }

  package func layerFunction(_ use: Use) throws -> (_ change: PathChange?) throws -> [Double] {
    var parameter = typedParameters[use.parameter]
    var output = try layerFunction(use.layer)
    if use.isRepeated {
      var chain = network.chain
      parameter = chain.standIn(for: use, parameter)
      let (layer, layerInput) = (chain.layers[use.layer], try telling(use.layer))
      output = { S.doubles(try layer.forward(layerInput).elements) }
    }
    return { [parameter, output] change in
      guard let change else { return try output() }
      return try parameter.standing(change, output)
    }
  }

  package func reaches(_ use: Use) throws -> Bool {
    guard use.layer < network.chain.layers.count else { return true }
    return try network.chain.layers[use.layer].reaches(slot: use.slot, at: telling(use.layer))
  }

  /// The inputs of a long chain, and the values of the parameters that they belong to: whoever asks for one
  /// layer after another would else run all of them each time.
  private var kept: (values: [Matrix<S>], inputs: [Matrix<S>])?
  private static var longChain: Int { 32 }

  /// What arrives at each layer at the present point.
  private func layerInputs() throws -> [Matrix<S>] {
    guard network.chain.layers.count >= Self.longChain else {
      return try network.chain.inputs(input)
    }
    let values = typedParameters.map(\.values)
    if let kept, kept.values == values { return kept.inputs }
    let inputs = try network.chain.inputs(input)
    kept = (values, inputs)
    return inputs
  }

  /// A layer's input at the present point; random numbers where only zeros arrive and the layer takes
  /// any.
  private func telling(_ layer: Int) throws -> Matrix<S> {
    let layerInput = try layerInputs()[layer]
    guard layerInput.elements.allSatisfy({ $0 == 0 }) else { return layerInput }
    let numbers: Matrix<S> = RandomSource(seed: 1).matrix(
      rows: layerInput.rows, columns: layerInput.columns, -1, 1)
    return (try? network.chain.layers[layer].forward(numbers)) == nil ? layerInput : numbers
  }

  /// How the first layer that has an opinion draws the parameter.
  public func images(of parameter: Int) -> KernelImages? {
    let held = typedParameters[parameter]
    for layer in network.chain.layers {
      if let slot = layer.kernels.firstIndex(where: { $0.parameter === held }),
        let images = layer.images(ofKernel: slot)
      {
        return images
      }
    }
    return nil
  }

  package func untiedTwin() -> (any LayeredObjective)? {
    ChainObjective(
      Network(network.chain.untied(), loss: network.loss), input: input, target: target)
  }

  package func values(of use: Use) -> [Double] {
    guard let kernel = kernel(of: use) else { return handle(of: use).flat }
    var values: [Double] = []
    values.reserveCapacity(kernel.rows * kernel.columns)
    for i in 0..<kernel.rows {
      for j in 0..<kernel.columns { values.append(kernel[i, j].asDouble) }
    }
    return values
  }

  package func setValues(_ values: [Double], of use: Use) {
    guard let kernel = kernel(of: use) else {
      handle(of: use).flat = values
      return
    }
    for i in 0..<kernel.rows {
      for j in 0..<kernel.columns { kernel[i, j] = S(values[i * kernel.columns + j]) }
    }
  }

  private func kernel(of use: Use) -> Kernel<S>? {
    guard !use.isLossTerm else {
      let parameter = typedParameters[use.parameter]
      return parameter.shape.count == 2 ? Kernel(parameter) : nil
    }
    let kernels = network.chain.layers[use.layer].kernels
    return use.slot < kernels.count ? kernels[use.slot] : nil
  }

  private func handle(of use: Use) -> Parameter<S> {
    guard !use.isLossTerm else { return typedParameters[use.parameter] }
    let layer = network.chain.layers[use.layer]
    return layer.biases[use.slot - layer.kernels.count]
  }
}

extension Chain {
  /// Binds one use to a Parameter of its own with the values of `parameter`, and returns it.
  fileprivate mutating func standIn(for use: Use, _ parameter: Parameter<S>) -> Parameter<S> {
    let own = parameter.copy(named: "\(parameter.name) in \(use.name)")
    layers[use.layer].rebind(slot: use.slot, to: own)
    return own
  }
}
