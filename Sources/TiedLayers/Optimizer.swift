import GSLKit

/// Turns gradients into steps.
///
/// A class, because its state belongs to one training; experiments make a fresh one each. The state
/// has one slot for each Parameter, found by the Parameter's identity: a kernel that two layers
/// share has one momentum, one second moment, one step count.
public protocol Optimizer: AnyObject {
  /// One step: changes the values of every parameter in the list.
  /// - Parameters:
  ///   - parameters: each Parameter once.
  ///   - gradients: for each of them its gradient, in row order.
  func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) throws

  /// The state kept for a parameter: named tensors, each as long as the parameter. Empty if none.
  func state(of parameter: any AnyParameter) -> [String: [Double]]

  /// For how many Parameters state is kept.
  var stateSlots: Int { get }
}

extension Optimizer {
  /// No state: nothing is remembered.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
  /// No state: 0.
  public var stateSlots: Int { 0 }
}

/// State by Parameter identity. Holds its Parameters, so that an identity is never used again.
struct OptimizerState<Slot> {
  private var slots: [ObjectIdentifier: (parameter: any AnyParameter, slot: Slot)] = [:]

  var count: Int { slots.count }

  func existing(_ parameter: any AnyParameter) -> Slot? { slots[ObjectIdentifier(parameter)]?.slot }

  /// Changes the slot of a parameter, made by `fresh` when it is first asked for.
  mutating func update(
    _ parameter: any AnyParameter, fresh: (Int) -> Slot, _ change: (inout Slot) -> Void
  ) {
    var entry =
      slots[ObjectIdentifier(parameter)] ?? (parameter, fresh(parameter.count))
    change(&entry.slot)
    slots[ObjectIdentifier(parameter)] = entry
  }
}

/// Calls `body` for each parameter with its values and gradient, and writes the values back. What is
/// fixed goes in as zeros and does not come back: it neither moves nor decays, and no state grows.
/// Arithmetic and state are in Double whatever the parameter's precision; a value is rounded once,
/// when it is written.
private func stepEach(
  _ parameters: [any AnyParameter], _ gradients: [[Double]],
  _ body: (any AnyParameter, inout [Double], [Double]) -> Void
) throws {
  guard parameters.count == gradients.count else {
    throw ShapeMismatch(
      operation: "optimizer step", given: "\(gradients.count) gradients",
      expected: "\(parameters.count), one for each parameter")
  }
  // All are looked at before any is changed: half a step is worse than none.
  for (parameter, gradient) in zip(parameters, gradients) {
    guard gradient.count == parameter.count else {
      throw ShapeMismatch(
        operation: "optimizer step of \(parameter)",
        given: "a gradient of \(gradient.count) elements",
        expected: "\(parameter.count)")
    }
  }
  for (parameter, gradient) in zip(parameters, gradients) {
    let saved = parameter.flat
    var (values, gradient) = (saved, gradient)
    let fixed = parameter.fixedElements
    for i in fixed { (values[i], gradient[i]) = (0, 0) }
    body(parameter, &values, gradient)
    for i in fixed { values[i] = saved[i] }
    parameter.flat = values
  }
}

/// Stochastic gradient descent, with momentum and L2 weight decay, as `torch.optim.SGD`:
/// g := g + decay w; v := momentum v + g (v := g at the first step); w := w - rate v, or with
/// Nesterov's look-ahead w := w - rate (g + momentum v).
public final class SGD: Optimizer {
  package let learningRate: Double
  package let momentum: Double
  package let isNesterov: Bool
  package let weightDecay: Double
  private var velocities = OptimizerState<[Double]>()

  /// SGD; with `momentum`, heavy-ball momentum; with `isNesterov` as well, Nesterov's.
  /// `weightDecay` times the value is added to the gradient.
  public init(
    learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    isNesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// One update of every parameter by its gradient.
  /// - Throws: `ShapeMismatch` where a gradient is missing or has another length.
  public func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) throws {
    try stepEach(parameters, gradients) { parameter, values, gradient in
      var direction = gradient
      if weightDecay != 0 {
        for i in values.indices { direction[i] += weightDecay * values[i] }
      }
      if momentum != 0 {
        velocities.update(parameter, fresh: { [Double](repeating: 0, count: $0) }) { velocity in
          for i in values.indices {
            velocity[i] = momentum * velocity[i] + direction[i]
            direction[i] = isNesterov ? direction[i] + momentum * velocity[i] : velocity[i]
          }
        }
      }
      for i in values.indices { values[i] -= learningRate * direction[i] }
    }
  }

  /// What is remembered about a parameter; empty before its first step.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    velocities.existing(parameter).map { ["velocity": $0] } ?? [:]
  }

  /// For how many parameters something is remembered.
  public var stateSlots: Int { velocities.count }
}

/// RMSProp as `torch.optim.RMSprop`: s := smoothing s + (1 - smoothing) g^2;
/// w := w - rate g / (sqrt(s) + stabilizer). The stabilizer is added to the root.
public final class RMSProp: Optimizer {
  package let learningRate: Double
  package let smoothing: Double
  package let stabilizer: Double
  private var squares = OptimizerState<[Double]>()

  /// RMSProp with fresh state. `smoothing` weighs the past squares, and `stabilizer` is added to
  /// the root.
  public init(learningRate: Double, smoothing: Double = 0.99, stabilizer: Double = 1e-8) {
    self.learningRate = learningRate
    self.smoothing = smoothing
    self.stabilizer = stabilizer
  }

  /// One update of every parameter by its gradient.
  /// - Throws: `ShapeMismatch` where a gradient is missing or has another length.
  public func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) throws {
    try stepEach(parameters, gradients) { parameter, values, gradient in
      squares.update(parameter, fresh: { [Double](repeating: 0, count: $0) }) { square in
        for i in values.indices {
          square[i] = smoothing * square[i] + (1 - smoothing) * gradient[i] * gradient[i]
          values[i] -= learningRate * gradient[i] / (square[i].squareRoot() + stabilizer)
        }
      }
    }
  }

  /// What is remembered about a parameter; empty before its first step.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    squares.existing(parameter).map { ["square": $0] } ?? [:]
  }

  /// For how many parameters something is remembered.
  public var stateSlots: Int { squares.count }
}

/// Adam (Kingma & Ba, arXiv 1412.6980, algorithm 1) and, with `decoupledDecay`, AdamW (Loshchilov &
/// Hutter, arXiv 1711.05101, algorithm 2), as `torch.optim.Adam` and `AdamW`:
/// w := w (1 - rate decay); m, s := running means of g and g^2;
/// w := w - rate m' / (sqrt(s') + stabilizer) with m', s' corrected for their start at 0. The
/// stabilizer is added to the root of the corrected second moment.
public final class Adam: Optimizer {
  package let learningRate: Double
  package let beta1: Double
  package let beta2: Double
  package let stabilizer: Double
  package let decoupledDecay: Double
  private var moments = OptimizerState<Moments>()

  private struct Moments {
    var first: [Double]
    var second: [Double]
    var steps = 0
  }

  /// Adam with fresh state; AdamW where `decoupledDecay` is not 0.
  public init(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, stabilizer: Double = 1e-8,
    decoupledDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.stabilizer = stabilizer
    self.decoupledDecay = decoupledDecay
  }

  /// One update of every parameter by its gradient.
  /// - Throws: `ShapeMismatch` where a gradient is missing or has another length.
  public func step(_ parameters: [any AnyParameter], _ gradients: [[Double]]) throws {
    try stepEach(parameters, gradients) { parameter, values, gradient in
      let fresh = { (count: Int) in
        let zero = [Double](repeating: 0, count: count)
        return Moments(first: zero, second: zero)
      }
      moments.update(parameter, fresh: fresh) { moments in
        moments.steps += 1
        let correction1 = 1 - power(beta1, moments.steps)
        let correction2 = 1 - power(beta2, moments.steps)
        for i in values.indices {
          if decoupledDecay != 0 { values[i] *= 1 - learningRate * decoupledDecay }
          moments.first[i] = beta1 * moments.first[i] + (1 - beta1) * gradient[i]
          moments.second[i] = beta2 * moments.second[i] + (1 - beta2) * gradient[i] * gradient[i]
          let root = (moments.second[i] / correction2).squareRoot()
          values[i] -= learningRate * (moments.first[i] / correction1) / (root + stabilizer)
        }
      }
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1.0) { product, _ in product * base }
  }

  /// What is remembered about a parameter; empty before its first step.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    moments.existing(parameter).map { ["first": $0.first, "second": $0.second] } ?? [:]
  }

  /// For how many parameters something is remembered.
  public var stateSlots: Int { moments.count }
}
