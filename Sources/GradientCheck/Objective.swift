import GSLKit
import TiedLayers

/// What a checker checks: a number that depends on parameters, and what somebody claims its
/// gradient is.
///
/// `value()` and `gradients()` read the parameters' present values, every time. A checker changes
/// elements between calls and puts the saved values back.
public protocol Objective {
  /// Every parameter once, in a fixed order.
  var parameters: [any AnyParameter] { get }
  /// The loss at the present point. This is all that a finite difference is made of.
  func value() throws -> Double
  /// The claimed gradient at the present point: one list for each parameter, in row order; nil where
  /// none is claimed.
  func gradients() throws -> [[Double]?]
  /// The unit round-off of the arithmetic that the claimed gradient is computed in.
  var gradientUnitRoundoff: Double { get }
}

extension Objective {
  public var gradientUnitRoundoff: Double {
    parameters.map(\.unitRoundoff).max() ?? Double.unitRoundoff
  }
}

extension Objective {
  /// The value with one element of one of its parameters changed; the saved element is put back.
  func value(changing parameter: any AnyParameter, entry: Int, to point: Double) throws -> Double {
    let saved = parameter[entry]
    defer { parameter[entry] = saved }
    parameter[entry] = point
    return try value()
  }
}

/// One use of a parameter by a layer, or by a term of the loss.
public struct Use: Hashable, Sendable {
  /// The layer's place in the chain, and its name.
  public let layer: Int
  public let layerName: String
  /// The parameter's place in `Objective.parameters`.
  public let parameter: Int
  /// Whether this use reads the parameter transposed.
  public let isTransposed: Bool
  /// Whether a term of the loss uses it, and no layer. Such a term counts as one layer more, after
  /// the last.
  public var isLossTerm = false
}

/// The loss with something changed while one layer runs, and put back before the next.
public typealias PathFunction = (_ change: () -> Void, _ restore: () -> Void) throws -> Double

/// An objective made of layers, so that the gradient through one use alone (a path) can be measured.
public protocol PathObjective: Objective {
  /// Which layer uses which parameter, in the order of the layers; one element for each pair.
  var uses: [Use] { get }
  /// The layers' names, in order.
  var layerNames: [String] { get }
  /// What each layer claims to contribute: by layer, then by parameter.
  func gradientsByLayer() throws -> [[[Double]?]]
  /// A function that gives the loss when parameters are changed only while layer `layer` runs.
  /// Everything before that layer is computed once. `restore` must undo `change`.
  func pathFunction(layer: Int) throws -> PathFunction
  /// A function that runs layer `layer` alone, on the input it has at the present point whatever the
  /// parameters are changed to afterwards, and gives its output. Where nothing but zeros arrives at
  /// the layer, which would hide its kernel, the input is random numbers instead.
  func layerFunction(_ layer: Int) throws -> () throws -> [Double]
  /// The same layers and values with every use bound to a parameter of its own; nil where there is
  /// no such thing.
  func untiedTwin() -> (any PathObjective)?
  /// The values of a use read through its layer's own handle, in that layer's orientation, row by
  /// row.
  func values(of use: Use) -> [Double]
  /// Writes what `values(of:)` reads, through the same handle.
  func setValues(_ values: [Double], of use: Use)
}

/// A network with a batch.
public final class ChainObjective<S: Scalar>: PathObjective {
  public var network: Network<S>
  public let input: Matrix<S>
  public let target: Matrix<S>

  /// - Parameters:
  ///   - input: batch x inputs.
  ///   - target: batch x outputs.
  public init(_ network: Network<S>, input: Matrix<S>, target: Matrix<S>) {
    self.network = network
    self.input = input
    self.target = target
  }

  /// The Parameters themselves, each once, in order of first use.
  public var typedParameters: [Parameter<S>] {
    uniqued(network.chain.parameters + (network.penalty?.parameters ?? []))
  }
  public var parameters: [any AnyParameter] { typedParameters }

  public func value() throws -> Double {
    Double(try network.value(input, target: target))
  }

  public func gradients() throws -> [[Double]?] {
    try network.gradients(input, target: target).flat(for: parameters)
  }

  public var layerNames: [String] {
    network.chain.layers.map(\.name) + (network.penalty.map { [$0.name] } ?? [])
  }

  public var uses: [Use] {
    let index = Dictionary(
      uniqueKeysWithValues: typedParameters.enumerated().map { (ObjectIdentifier($1), $0) })
    var uses: [Use] = []
    for (l, layer) in network.chain.layers.enumerated() {
      for parameter in layer.parameters {
        let kernel = layer.kernels.first { $0.parameter === parameter }
        uses.append(
          Use(
            layer: l, layerName: layer.name, parameter: index[ObjectIdentifier(parameter)]!,
            isTransposed: kernel?.isTransposed ?? false))
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

  public func gradientsByLayer() throws -> [[[Double]?]] {
    let parameters = parameters
    return try network.gradientsByLayer(input, target: target).map { $0.flat(for: parameters) }
  }

  public func pathFunction(layer: Int) throws -> PathFunction {
    let layerInput =
      layer < network.chain.layers.count
      ? try network.chain.inputs(input)[layer] : try network.lossInput(input)
    return { [self] change, restore in
      let value = try network.value(fromLayer: layer, layerInput, target: target) { l, run in
        guard l == layer else { return try run() }
        change()
        defer { restore() }
        return try run()
      }
      return Double(value)
    }
  }

  public func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    guard layer < network.chain.layers.count else {
      return { [self] in [Double(network.penalty!.value())] }
    }
    var layerInput = try network.chain.inputs(input)[layer]
    if layerInput.elements.allSatisfy({ $0 == 0 }) {
      layerInput = RandomSource(seed: 1).matrix(
        rows: layerInput.rows, columns: layerInput.columns, -1, 1)
    }
    return { [self, layerInput] in
      try network.chain.layers[layer].forward(layerInput).elements.map { Double($0) }
    }
  }

  public func untiedTwin() -> (any PathObjective)? {
    ChainObjective(
      Network(network.chain.untied(), loss: network.loss), input: input, target: target)
  }

  public func values(of use: Use) -> [Double] {
    guard let kernel = kernel(of: use) else { return parameters[use.parameter].flat }
    var values: [Double] = []
    values.reserveCapacity(kernel.rows * kernel.columns)
    for i in 0..<kernel.rows {
      for j in 0..<kernel.columns { values.append(Double(kernel[i, j])) }
    }
    return values
  }

  public func setValues(_ values: [Double], of use: Use) {
    guard let kernel = kernel(of: use) else {
      parameters[use.parameter].flat = values
      return
    }
    for i in 0..<kernel.rows {
      for j in 0..<kernel.columns { kernel[i, j] = S(values[i * kernel.columns + j]) }
    }
  }

  private func kernel(of use: Use) -> Kernel<S>? {
    let parameter = typedParameters[use.parameter]
    guard !use.isLossTerm else { return parameter.shape.count == 2 ? Kernel(parameter) : nil }
    return network.chain.layers[use.layer].kernels.first { $0.parameter === parameter }
  }
}

extension PathObjective {
  /// What the layer of a use sees, brought back to the parameter's own orientation.
  func ownValues(of use: Use) -> [Double] {
    let values = values(of: use)
    let shape = parameters[use.parameter].shape
    return use.isTransposed ? transposed(values, rows: shape[1], columns: shape[0]) : values
  }
}

/// The transpose of a rows x columns matrix given row by row.
func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
  var result = values
  for i in 0..<rows {
    for j in 0..<columns { result[j * rows + i] = values[i * columns + j] }
  }
  return result
}
