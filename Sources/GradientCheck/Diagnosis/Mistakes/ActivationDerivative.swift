import GSLKit
import TiedLayers

/// The derivative of an activation that is forgotten, or taken in the wrong place.
///
/// The wrong gradient is measured: near the point the layer is replaced by y0 + s (z - z0), with z its
/// preactivation and s the slope that the mistake puts in the place of act'(z0). Its value is the same,
/// and its derivative is what the mistake claims.
struct ActivationDerivative: MeasuredMistake {
  /// More entries than these are not measured.
  static let mostEntries = 4096

  private struct Slope {
    let id: String
    let what: String
    let values: Matrix<Double>
  }

  func wrongGradients(
    _ objective: any PathObjective, _ tensor: TensorResult, parameter p: Int
  ) throws -> [WrongGradient] {
    guard let objective = objective as? ChainObjective<Double>,
      tensor.entries.count == objective.parameters[p].count,
      tensor.entries.count <= Self.mostEntries
    else { return [] }
    let (chain, parameter) = (objective.network.chain, objective.parameters[p])
    let inputs = try chain.inputs(objective.input)
    let value = try objective.value()
    var found: [WrongGradient] = []
    for (l, layer) in chain.layers.enumerated() {
      guard let layer = layer as? any ActivatedLayer<Double>, layer.activation != .identity else {
        continue
      }
      let start = try layer.preactivation(inputs[l])
      let output = try layer.forward(inputs[l])
      for slope in try slopes(layer, start, output) {
        var network = objective.network
        network.chain.layers[l] = LinearizedLayer(
          layer: layer, start: start, output: output, slope: slope.values)
        let twin = ChainObjective(network, input: objective.input, target: objective.target)
        // A loss that reads the layer's own activation is another one with this layer.
        guard try abs(twin.value() - value) <= 1e-12 * max(abs(value), 1) else { continue }
        found.append(
          try WrongGradient(
            id: slope.id, label: "the effect of \(layer.name)'s right derivative",
            sentence: "in the gradient of \(tensor.name) \(slope.what)",
            values: tensor.derivatives(by: parameter) { try twin.value() }))
      }
    }
    return found
  }

  /// What stands in the place of the right slope.
  private func slopes(
    _ layer: any ActivatedLayer<Double>, _ start: Matrix<Double>, _ output: Matrix<Double>
  ) throws -> [Slope] {
    let (name, activation) = (layer.name, layer.activation)
    var ones = start
    for i in ones.elements.indices { ones.elements[i] = 1 }
    var (atOutput, twice) = (ones, ones)
    try atOutput.multiplyByDerivative(of: activation, at: output)
    for _ in 0..<2 { try twice.multiplyByDerivative(of: activation, at: start) }
    let misplaced = "activation-derivative-misplaced"
    var slopes = [
      Slope(
        id: "activation-derivative-missing",
        what: "the derivative of \(name)'s activation (\(activation.rawValue)) is left out",
        values: ones),
      Slope(
        id: misplaced,
        what:
          "the derivative of \(name)'s activation (\(activation.rawValue)) is taken at its output; it "
          + "belongs at what the activation is applied to",
        values: atOutput),
      Slope(
        id: misplaced,
        what:
          "the derivative of \(name)'s activation (\(activation.rawValue)) is multiplied in twice",
        values: twice),
    ]
    // 1 - y^2 and y (1 - y) are written in terms of the output y.
    let formula: ((Double) -> Double)? =
      switch activation {
      case .tanh: { 1 - $0 * $0 }
      case .sigmoid: { $0 * (1 - $0) }
      default: nil
      }
    if let formula {
      var ofStart = start
      for i in start.elements.indices { ofStart.elements[i] = formula(start.elements[i]) }
      slopes.append(
        Slope(
          id: misplaced,
          what:
            "the formula for the derivative of \(name)'s activation (\(activation.rawValue)) is given "
            + "what the activation is applied to; it expects the activation's output",
          values: ofStart))
    }
    return slopes
  }
}

/// A layer near one point, with a slope of somebody's choice in place of its activation's.
private struct LinearizedLayer: Layer {
  var layer: any ActivatedLayer<Double>
  /// The preactivation and the output at the point, and the slope.
  let start: Matrix<Double>
  let output: Matrix<Double>
  let slope: Matrix<Double>

  var name: String { layer.name }
  var kernels: [Kernel<Double>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
    var result = try layer.preactivation(input)
    for i in result.elements.indices {
      result.elements[i] =
        output.elements[i] + slope.elements[i] * (result.elements[i] - start.elements[i])
    }
    return result
  }

  /// Not asked: the derivative is measured.
  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try layer.backward(cotangent, at: input, into: &gradients)
  }
}

extension TensorResult {
  /// The derivative of another function of the parameter, entry by entry, by the five-point rule with the
  /// steps that the check used.
  func derivatives(
    by parameter: any AnyParameter, _ function: () throws -> Double
  ) rethrows -> [Double] {
    try entries.enumerated().map { i, entry -> Double in
      let saved = parameter[i]
      defer { parameter[i] = saved }
      func value(at steps: Double) throws -> Double {
        parameter[i] = parameter.rounded(saved + steps * entry.step)
        return try function()
      }
      let near = try value(at: 1) - value(at: -1)
      let far = try value(at: 2) - value(at: -2)
      return (8 * near - far) / (12 * entry.step)
    }
  }
}
