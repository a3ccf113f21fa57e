import Foundation
import GSLKit
import GradientCheck
import TiedLayers

/// A network of dense layers once more, in complex arithmetic and plain loops: what a calibration
/// takes for the truth.
///
/// f(x + ih) = f(x) + ih f'(x) + O(h^2): with h = 1e-100 the imaginary part over h is the derivative to
/// rounding, without a difference of nearly equal numbers and without a backward pass (Squire & Trapp,
/// SIAM Review 40, 1998). Nothing here calls the layers' own forward or backward pass.
struct ReferenceNetwork {
  private struct Layer {
    let kernel: Int
    let isTransposed: Bool
    let bias: Int?
    let activation: ElementwiseFunction
    let inputs: Int
    let outputs: Int
  }

  private static let step = 1e-100

  private let layers: [Layer]
  private let loss: Loss
  private let rows: Int
  private let input: [Double]
  private let target: [Double]
  /// The stored row length of each parameter.
  private let columns: [Int]
  private let point: [[ComplexNumber]]

  /// The same network at the same point; nil if one of its layers is not a `Dense`.
  init?<S: Scalar>(_ objective: ChainObjective<S>) {
    let parameters = objective.typedParameters
    func place(_ parameter: Parameter<S>) -> Int { parameters.firstIndex { $0 === parameter }! }
    var layers: [Layer] = []
    for layer in objective.network.chain.layers {
      guard let dense = layer as? Dense<S> else { return nil }
      layers.append(
        Layer(
          kernel: place(dense.kernel.parameter), isTransposed: dense.kernel.isTransposed,
          bias: dense.bias.map(place), activation: dense.activation, inputs: dense.kernel.rows,
          outputs: dense.kernel.columns))
    }
    self.layers = layers
    loss = objective.network.loss
    rows = objective.input.rows
    input = objective.input.elements.map { Double($0) }
    target = objective.target.elements.map { Double($0) }
    columns = parameters.map { $0.values.columns }
    point = parameters.map { $0.flat.map { ComplexNumber($0) } }
  }

  /// The loss.
  var value: Double { lossValue(point).re }

  /// The derivative by every entry of every parameter, in row order.
  var gradient: [[Double]] {
    var moved = point
    return moved.indices.map { p in
      moved[p].indices.map { entry in
        moved[p][entry].im = Self.step
        let value = lossValue(moved)
        moved[p][entry].im = 0
        return value.im / Self.step
      }
    }
  }

  private func lossValue(_ parameters: [[ComplexNumber]]) -> ComplexNumber {
    var activations = input.map { ComplexNumber($0) }
    for (l, layer) in layers.enumerated() {
      let isLast = l == layers.count - 1
      activations = preactivations(layer, activations, parameters)
      // Binary cross-entropy after a sigmoid is a function of the logits.
      if isLast && loss == .binaryCrossEntropy && layer.activation == .sigmoid {
        return logisticLoss(activations)
      }
      for i in activations.indices {
        activations[i] = apply(layer.activation, activations[i])
      }
    }
    switch loss {
    case .meanSquaredError: return squaredLoss(activations)
    case .binaryCrossEntropy: return bernoulliLoss(activations)
    case .softmaxCrossEntropy: return softmaxLoss(activations)
    case .contrastive: preconditionFailure("no network of the calibration ends in a distance")
    }
  }

  /// Whether some unit's output is, in an arithmetic of that precision, the limit it tends to.
  func isSaturated(unitRoundoff: Double) -> Bool {
    // exp(-limit) = u: 1 + exp(-limit) is 1.
    let limit = -Foundation.log(unitRoundoff)
    var activations = input.map { ComplexNumber($0) }
    for (l, layer) in layers.enumerated() {
      activations = preactivations(layer, activations, point)
      var rows = activations.map(\.re)
      if l == layers.count - 1 && loss == .softmaxCrossEntropy {
        for start in stride(from: 0, to: rows.count, by: layer.outputs) {
          let largest = rows[start..<(start + layer.outputs)].max()!
          for j in start..<(start + layer.outputs) { rows[j] -= largest }
        }
        if rows.contains(where: { $0 < -limit }) { return true }
      }
      let isBeyond: (Double) -> Bool =
        switch layer.activation {
        case .identity, .relu: { _ in false }
        case .tanh: { 2 * abs($0) > limit }
        case .sigmoid: { abs($0) > limit }
        case .softplus: { $0 < -limit }
        }
      if rows.contains(where: isBeyond) { return true }
      for i in activations.indices { activations[i] = apply(layer.activation, activations[i]) }
    }
    return false
  }

  private func preactivations(
    _ layer: Layer, _ input: [ComplexNumber], _ parameters: [[ComplexNumber]]
  ) -> [ComplexNumber] {
    let kernel = parameters[layer.kernel]
    let columns = columns[layer.kernel]
    var output = [ComplexNumber](repeating: ComplexNumber(0), count: rows * layer.outputs)
    for row in 0..<rows {
      for j in 0..<layer.outputs {
        var sum = ComplexNumber(0)
        for i in 0..<layer.inputs {
          let weight = layer.isTransposed ? kernel[j * columns + i] : kernel[i * columns + j]
          sum = sum + input[row * layer.inputs + i] * weight
        }
        if let bias = layer.bias { sum = sum + parameters[bias][j] }
        output[row * layer.outputs + j] = sum
      }
    }
    return output
  }

  private func apply(_ f: ElementwiseFunction, _ z: ComplexNumber) -> ComplexNumber {
    switch f {
    case .identity: z
    case .tanh: z.hyperbolicTangent
    case .sigmoid: z.logistic
    case .relu: z.rectified
    case .softplus: z.softplus
    }
  }

  // MARK: Losses

  private func squaredLoss(_ output: [ComplexNumber]) -> ComplexNumber {
    var sum = ComplexNumber(0)
    for i in output.indices {
      let difference = output[i] - ComplexNumber(target[i])
      sum = sum + difference * difference
    }
    return 1 / Double(output.count) * sum
  }

  /// softplus(a) - t a, in halves that are both positive: t softplus(-a) + (1 - t) softplus(a).
  private func logisticLoss(_ logits: [ComplexNumber]) -> ComplexNumber {
    var sum = ComplexNumber(0)
    for i in logits.indices {
      let (a, t) = (logits[i], target[i])
      sum = sum + t * (-a).softplus + (1 - t) * a.softplus
    }
    return 1 / Double(logits.count) * sum
  }

  private func bernoulliLoss(_ output: [ComplexNumber]) -> ComplexNumber {
    var sum = ComplexNumber(0)
    for i in output.indices {
      let (y, t) = (output[i], target[i])
      if t != 0 { sum = sum - t * y.logarithm }
      if t != 1 { sum = sum - (1 - t) * (-y).logarithmOfOnePlus }
    }
    return 1 / Double(output.count) * sum
  }

  private func softmaxLoss(_ logits: [ComplexNumber]) -> ComplexNumber {
    let columns = logits.count / rows
    var sum = ComplexNumber(0)
    for row in 0..<rows {
      let places = row * columns..<(row + 1) * columns
      var largest = -Double.infinity
      for j in places { largest = max(largest, logits[j].re) }
      var total = ComplexNumber(0)
      for j in places { total = total + (logits[j] - ComplexNumber(largest)).exponential }
      let logOfTotal = total.logarithm
      for j in places {
        sum = sum + target[j] * (logOfTotal - (logits[j] - ComplexNumber(largest)))
      }
    }
    return 1 / Double(rows) * sum
  }
}
