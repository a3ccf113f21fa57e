import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

// MARK: Golden files

/// A network with the values, gradients and trainings it must have, computed elsewhere.
struct Golden: Decodable {
  struct Path: Decodable {
    let layer: Int
    let kernel: String
    let gradient: FlatTensor
  }

  struct Trajectory: Decodable {
    let steps: Int
    let final: [String: FlatTensor]
  }

  let name: String
  let gradients: [String: FlatTensor]
  let pathGradients: [Path]
  let learningRate: [String: Double]
  let trajectories: [String: Trajectory]

  enum CodingKeys: String, CodingKey {
    case name, gradients, trajectories
    case pathGradients = "path_gradients"
    case learningRate = "learning_rate"
  }

  static let names = [
    "tied-5x5", "tied-10x5-tanh", "untied-10x5-tanh", "deep-tied-8-5-3", "tied-6x4-sigmoid-bce",
    "tied-softmax-9x4", "seed-shared-bias-5x5", "same-kernel-three-times-4x4", "digits-64-16-64",
  ]

  private static func data(_ name: String) throws -> Data {
    try Data(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../TiedLayersTests/Golden/\(name).json"))
  }

  static func load(_ name: String) throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: data(name))
  }

  static func objective(_ name: String) throws -> ChainObjective<Double> {
    let file = try ModelFile<Double>(json: data(name))
    return ChainObjective(file.network, input: file.input, target: file.target)
  }

  func reference(_ optimizer: String) -> UpdateReference {
    let rate = learningRate[optimizer]!
    return switch optimizer {
    case "sgd": .sgd(learningRate: rate)
    case "momentum": .momentum(learningRate: rate)
    case "nesterov": .nesterov(learningRate: rate)
    case "sgd_weight_decay": .sgd(learningRate: rate, weightDecay: 0.01)
    case "rmsprop": .rmsprop(learningRate: rate)
    case "adam": .adam(learningRate: rate)
    case "adamw": .adamw(learningRate: rate, weightDecay: 0.01)
    default: fatalError("no reference for \(optimizer)")
    }
  }
}

/// A matrix or a list, in row order.
struct FlatTensor: Decodable {
  let values: [Double]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let rows = try? container.decode([[Double]].self) {
      values = rows.flatMap { $0 }
    } else {
      values = try container.decode([Double].self)
    }
  }
}

// MARK: Objectives

/// An objective made of closures over any number of parameters.
final class ClosureObjective: Objective {
  let typed: [Parameter<Double>]
  private let loss: ([Parameter<Double>]) throws -> Double
  private let gradient: ([Parameter<Double>]) throws -> [[Double]?]

  init(
    _ parameters: [Parameter<Double>], loss: @escaping ([Parameter<Double>]) throws -> Double,
    gradient: @escaping ([Parameter<Double>]) throws -> [[Double]?]
  ) {
    typed = parameters
    self.loss = loss
    self.gradient = gradient
  }

  var parameters: [any AnyParameter] { typed }
  func value() throws -> Double { try loss(typed) }
  func gradients() throws -> [[Double]?] { try gradient(typed) }
}

/// Another objective with a claim that was tampered with, and with its calls counted.
final class Tampered: Objective {
  let base: any Objective
  var change: (inout [[Double]?]) -> Void
  var calls = 0
  /// Throws at this call of the loss.
  var throwingAt = Int.max
  /// Throws at this call of the loss and at every one after it.
  var throwingFrom = Int.max

  init(_ base: any Objective, _ change: @escaping (inout [[Double]?]) -> Void = { _ in }) {
    self.base = base
    self.change = change
  }

  var parameters: [any AnyParameter] { base.parameters }
  func doubleTwin() -> (any Objective)? { base.doubleTwin() }

  func value() throws -> Double {
    calls += 1
    if calls == throwingAt || calls >= throwingFrom { throw Interruption() }
    return try base.value()
  }

  func gradients() throws -> [[Double]?] {
    var claims = try base.gradients()
    change(&claims)
    return claims
  }
}

struct Interruption: Error {}

/// A chain whose claim for layer `layer` is changed before it is added up.
final class TamperedPaths: LayeredObjective {
  let base: ChainObjective<Double>
  let change: (_ layer: Int, _ parameter: Int, inout [Double]) -> Void

  /// Whether it says what each use claims.
  let claimsByUse: Bool

  init(
    _ base: ChainObjective<Double>, byUse: Bool = true,
    _ change: @escaping (Int, Int, inout [Double]) -> Void
  ) {
    self.base = base
    claimsByUse = byUse
    self.change = change
  }

  var parameters: [any AnyParameter] { base.parameters }
  func value() throws -> Double { try base.value() }
  var uses: [Use] { base.uses }
  var layerNames: [String] { base.layerNames }

  func gradientsByUse() throws -> [[Double]?] {
    var claims = try base.gradientsByUse()
    for (i, use) in uses.enumerated() where claims[i] != nil {
      change(use.layer, use.parameter, &claims[i]!)
    }
    return claims
  }

  func gradients() throws -> [[Double]?] {
    var sums = parameters.map { [Double](repeating: 0, count: $0.count) }
    for (use, claim) in zip(uses, try gradientsByUse()) {
      if let claim { sums[use.parameter] = zip(sums[use.parameter], claim).map { $0 + $1 } }
    }
    return sums
  }

  func pathFunction(_ use: Use) throws -> PathFunction { try base.pathFunction(use) }
  func layerFunction(_ use: Use) throws -> (PathChange?) throws -> [Double] {
    try base.layerFunction(use)
  }
  func layerFunction(_ layer: Int) throws -> () throws -> [Double] { try base.layerFunction(layer) }
  func reaches(_ use: Use) throws -> Bool { try base.reaches(use) }
  func untiedTwin() -> (any LayeredObjective)? { base.untiedTwin() }
  func values(of use: Use) -> [Double] { base.values(of: use) }
  func setValues(_ values: [Double], of use: Use) { base.setValues(values, of: use) }
}

// MARK: Networks

/// tanh(... tanh(tanh(x K1 + b1) K2 + b2) ...): one layer with a slot for every turn, and faults to
/// put in.
struct Repeated: Layer {
  typealias S = Double
  let name: String
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>]
  /// What becomes of the contribution of each turn.
  var factors: [Double] = []
  /// Kernels read instead of those that it says it holds; nil for those.
  var read: [Kernel<Double>?] = []
  /// Turns that are not taken.
  var skipped: Set<Int> = []

  var slotNames: [String] {
    kernels.indices.map { "turn \($0 + 1)" } + biases.indices.map { "bias \($0 + 1)" }
  }

  private var turns: [Int] { kernels.indices.filter { !skipped.contains($0) } }

  private func kernel(_ turn: Int) -> Kernel<Double> {
    (turn < read.count ? read[turn] : nil) ?? kernels[turn]
  }

  private func states(_ input: Matrix<Double>) throws -> [Matrix<Double>] {
    try turns.reduce(into: [input]) { states, turn in
      var next = try kernel(turn).multiply(states.last!)
      try next.addToEachRow(biases[turn].values)
      next.apply(.tanh)
      states.append(next)
    }
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try states(input).last! }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    let states = try states(input)
    var cotangent = cotangent
    for (i, turn) in turns.enumerated().reversed() {
      var inner = cotangent
      for e in inner.elements.indices {
        inner.elements[e] *= 1 - states[i + 1].elements[e] * states[i + 1].elements[e]
      }
      var own = Matrix<Double>(rows: kernels[turn].rows, columns: kernels[turn].columns)
      try own.addProduct(states[i], transposeFirst: true, inner)
      let factor = turn < factors.count ? factors[turn] : 1
      own.elements = own.elements.map { factor * $0 }
      if factor != 0 { try gradients.add(own, to: kernels[turn]) }
      try gradients.addColumnSums(of: inner, to: biases[turn])
      cotangent = try kernel(turn).multiplyAdjoint(inner)
    }
    return cotangent
  }
}

/// A `Repeated` on a square kernel, turned round at every second turn.
func repeated(
  _ seed: UInt64, uses: Int, _ change: (inout Repeated) -> Void = { _ in }
) -> ChainObjective<Double> {
  let random = RandomSource(seed: seed)
  let kernel = Kernel<Double>("W", random.matrix(rows: 3, columns: 3, -1, 1))
  let bias = Parameter<Double>("b", (0..<3).map { _ in random.uniform(-0.5, 0.5) })
  var layer = Repeated(
    name: "loop", kernels: (0..<uses).map { $0 % 2 == 0 ? kernel : kernel.transposed },
    biases: (0..<uses).map { _ in bias })
  change(&layer)
  return ChainObjective(
    Network(Chain([layer]), loss: .meanSquaredError),
    input: random.matrix(rows: 4, columns: 3, -1, 1),
    target: random.matrix(rows: 4, columns: 3, -1, 1))
}

/// Right models of which the batch does not reach every use: sequences that are all of one step, and
/// attention over one position.
func unreached(tied: Bool) throws -> [ChainObjective<Double>] {
  let random = RandomSource(seed: 5)
  func kernel(_ name: String, _ rows: Int, _ columns: Int) -> Kernel<Double> {
    Kernel(name, random.matrix(rows: rows, columns: columns, -1, 1))
  }
  let recurrent = Recurrent(
    "rnn", inputKernel: kernel("W_x", 2, 3), stateKernel: kernel("W_h", 3, 3),
    bias: Parameter("b", [0.1, -0.2, 0.3]), steps: 4)
  var sequences: Matrix<Double> = random.matrix(rows: 3, columns: 9, -1, 1)
  for i in 0..<3 { sequences[i, 8] = 1 }
  let shared = kernel("W", 3, 2)
  let attention = Attention(
    "attention", query: shared, key: shared, value: kernel("V", 3, 2), output: kernel("O", 2, 3),
    positions: 1)
  let models: [(layer: any Layer<Double>, input: Matrix<Double>)] = [
    (recurrent, sequences), (attention, random.matrix(rows: 3, columns: 3, -1, 1)),
  ]
  return models.map { layer, input in
    let chain = Chain<Double>([layer])
    return ChainObjective(
      Network(tied ? chain : chain.untied(), loss: .meanSquaredError), input: input,
      target: random.matrix(rows: 3, columns: 3, -1, 1))
  }
}

/// A small autoencoder on random data that suits its loss.
func autoencoder(
  _ seed: UInt64, features: Int = 4, hidden: [Int] = [3], tied: Bool = true,
  biasShared: Bool = false, activation: ElementwiseFunction = .tanh,
  output: ElementwiseFunction? = nil, loss: Loss = .meanSquaredError, batch: Int = 3
) throws -> ChainObjective<Double> {
  let random = RandomSource(seed: seed)
  let last: ElementwiseFunction = loss == .binaryCrossEntropy ? .sigmoid : .identity
  let chain: Chain<Double> = try Models.autoencoder(
    features: features, hidden: hidden, tied: tied, biasShared: biasShared, activation: activation,
    outputActivation: output ?? last, random: random)
  let input: Matrix<Double> = random.matrix(rows: batch, columns: features, 0.05, 0.95)
  let target: Matrix<Double> = random.matrix(rows: batch, columns: features, 0.05, 0.95)
  return ChainObjective(Network(chain, loss: loss), input: input, target: target)
}

/// Uniform in [-1, 1), the same for the same numbers and for nearby ones quite another.
func roughness(_ values: [Double]) -> Double {
  var state: UInt64 = 0x9e37_79b9_7f4a_7c15
  for value in values {
    state ^= value.bitPattern
    state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
    state ^= state >> 31
  }
  return Double(state >> 11) * 0x1p-52 - 1
}

func bits(_ parameters: [any AnyParameter]) -> [[UInt64]] {
  parameters.map { $0.flat.map(\.bitPattern) }
}

/// Largest difference over max(|expected|, rms).
func relativeDifference(_ values: [Double], _ expected: [Double]) -> Double {
  let scale = rootMeanSquare(expected)
  return zip(values, expected).map { abs($0 - $1) / max(abs($1), scale) }.max() ?? 0
}

extension CheckOptions {
  /// The options of nearly every test.
  static let standard = CheckOptions()
}

func gradientResult(_ objective: any Objective) throws -> GradientResult {
  try GradientChecker().check(objective)
}

func tieResult(_ objective: any PathObjective, expected: [[String]] = []) throws -> TieResult {
  try TieCheck().check(
    objective, gradient: try gradientResult(objective), expected: expected)
}
