import Foundation
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// One random network with its batch, described without a precision.
struct NetworkDraw {
  /// What stands far from 1, and how far.
  enum Scaling: Equatable {
    case none
    /// The input is multiplied by ten to this power.
    case input(Int)
    /// Every kernel is.
    case kernels(Double)
  }

  let features: Int
  let hidden: [Int]
  let isTied: Bool
  let activation: ElementwiseFunction
  let outputActivation: ElementwiseFunction
  let loss: Loss
  let batch: Int
  let scaling: Scaling
  private let hasZeroBiases: Bool
  private let hasOwnTarget: Bool
  private let valuesSeed: UInt64

  /// Draws network `number` of a plan; each network has a stream of its own, so that it can be made
  /// again without the ones before it.
  init(
    _ number: Int, kind: CalibrationPlan.Kind, precision: CalibrationPlan.Precision, seed: UInt64
  ) {
    let stream =
      seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03
      &+ (kind == .smooth ? 0 : 0x517C_C1B7) &+ (precision == .double ? 0 : 0x2722_0A95)
    valuesSeed = stream ^ 0xA5A5_A5A5
    let random = RandomSource(seed: stream)
    func pick<T>(_ choices: [T]) -> T { choices[random.integer(below: choices.count)] }
    features = 2 + random.integer(below: 15)
    hidden = (0...pick([0, 0, 0, 1, 1, 2])).map { _ in 2 + random.integer(below: 11) }
    isTied = random.integer(below: 2) == 0
    activation = kind == .relu ? .relu : pick([.tanh, .sigmoid, .softplus, .identity])
    // A contrastive loss needs pairs and a distance, which these networks do not have.
    loss = pick([.meanSquaredError, .binaryCrossEntropy, .softmaxCrossEntropy])
    outputActivation =
      switch loss {
      case .meanSquaredError: pick([.identity, .tanh, .sigmoid])
      case .binaryCrossEntropy: .sigmoid
      case .softmaxCrossEntropy, .contrastive: .identity
      }
    batch = pick([1, 2, 4, 8, 32])
    let exponent = random.integer(below: 17) - 8
    // In Float the scales of all layers together stay within 1e-8..1e8: beyond 1e38 there is no loss.
    let share = precision == .double ? 1 : 1 / Double(2 * hidden.count)
    let choice = random.integer(below: 4)
    scaling =
      exponent == 0 || choice < 2
      ? .none : choice == 2 ? .input(exponent) : .kernels(Double(exponent) * share)
    // Zero biases behind a dead layer put relu's corner exactly at the point: no derivative there.
    hasZeroBiases = random.integer(below: 4) == 0 && (kind == .smooth || hidden.count == 1)
    hasOwnTarget = loss == .meanSquaredError && random.integer(below: 2) == 0
  }

  /// The network, its values rounded to a precision.
  func objective<S: Scalar>(as type: S.Type) throws -> ChainObjective<S> {
    let random = RandomSource(seed: valuesSeed)
    let chain = try Models.autoencoder(
      features: features, hidden: hidden, tied: isTied, activation: activation,
      outputActivation: outputActivation, random: random, as: S.self)
    var inputScale = 1.0
    if case .input(let exponent) = scaling { inputScale = Foundation.pow(10, Double(exponent)) }
    for parameter in chain.parameters {
      if parameter.shape.count == 2, case .kernels(let exponent) = scaling {
        parameter.flat = parameter.flat.map { $0 * Foundation.pow(10, exponent) }
      }
      if parameter.shape.count == 1, hasZeroBiases {
        parameter.flat = parameter.flat.map { _ in 0 }
      }
    }
    var input = Matrix<S>(rows: batch, columns: features)
    for i in input.elements.indices { input.elements[i] = S(inputScale * random.uniform(-1, 1)) }
    return ChainObjective(
      Network(chain, loss: loss), input: input, target: target(for: input, random))
  }

  private func target<S: Scalar>(for input: Matrix<S>, _ random: RandomSource) -> Matrix<S> {
    if hasOwnTarget { return input }
    var target = Matrix<S>(rows: batch, columns: features)
    for i in target.elements.indices { target.elements[i] = S(random.uniform()) }
    guard loss == .softmaxCrossEntropy else { return target }
    for row in 0..<batch {
      var total: S = 0
      for j in 0..<features { total += target[row, j] }
      for j in 0..<features { target[row, j] /= total }
    }
    return target
  }
}

extension NetworkDraw: CustomStringConvertible {
  var description: String {
    let widths = ([features] + hidden + hidden.reversed().dropFirst() + [features])
      .map(String.init).joined(separator: "-")
    let scale =
      switch scaling {
      case .none: ""
      case .input(let exponent): ", input x 1e\(exponent)"
      case .kernels(let exponent): ", kernels x 10^\(exponent)"
      }
    return "\(isTied ? "tied" : "untied") \(widths) \(activation)/\(outputActivation), "
      + "\(loss.rawValue.replacing("_", with: " ")), batch \(batch)\(scale)"
      + (hasZeroBiases ? ", zero biases" : "")
  }
}
