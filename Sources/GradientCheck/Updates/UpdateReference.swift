import Foundation
import GSLKit

/// An independently written optimizer for one number, against which a training is compared.
///
/// It shares no code with the optimizers of the models: it knows one number, one gradient and its own
/// two memories. A kernel is as many of them as it has elements, once each, however many layers use
/// it.
public struct UpdateReference: Sendable {
  /// What it is, as plain values: the same reference can be made of it in another process.
  package private(set) var recipe: Recipe
  /// The optimizer's name, as in reports.
  package private(set) var name: String
  package let learningRate: Double
  /// L2 or decoupled, 0 for none.
  package let weightDecay: Double
  /// The length beyond which the gradients of all parameters together are shortened; nil for none.
  package private(set) var clippingNorm: Double?
  /// Whether it remembers anything from step to step.
  package var keepsState: Bool { memories.first != nil || memories.second != nil }
  /// The names of the two memories, as the models' optimizers call them; nil for one not used.
  let memories: (first: String?, second: String?)
  /// How many roundings, each of the size of the largest number involved, a step may cost.
  var roundingsPerStep = 16.0
  /// The unit round-off of the arithmetic that the optimizer keeps its own numbers in, its rates and
  /// decays, where it is coarser than the parameters': Keras rounds them to Float for a Double model.
  package var unitRoundoff = 0.0
  let rule: @Sendable (_ element: inout Element, _ gradient: Double) -> Void

  /// One number under training.
  package struct Element: Sendable {
    /// The number.
    package var value: Double
    /// The memories: a velocity or first moment, a second moment.
    package var first = 0.0
    package var second = 0.0
    /// Steps taken.
    package var steps = 0
  }

  /// w := w - rate g.
  public static func sgd(learningRate rate: Double, weightDecay: Double = 0) -> Self {
    Self(
      recipe: .sgd(learningRate: rate, weightDecay: weightDecay),
      name: weightDecay == 0 ? "sgd" : "sgd_weight_decay", learningRate: rate,
      weightDecay: weightDecay, memories: (nil, nil)
    ) { element, gradient in
      element.value -= rate * (gradient + weightDecay * element.value)
    }
  }

  /// g := g + decay w, v := m v + g, w := w - rate v (Sutskever et al. 2013 with PyTorch's placing of the
  /// rate).
  public static func momentum(
    learningRate rate: Double, momentum: Double = 0.9, weightDecay: Double = 0
  ) -> Self {
    Self(
      recipe: .momentum(learningRate: rate, momentum: momentum, weightDecay: weightDecay),
      name: "momentum", learningRate: rate, weightDecay: weightDecay, memories: ("velocity", nil)
    ) { element, gradient in
      element.first = momentum * element.first + gradient + weightDecay * element.value
      element.value -= rate * element.first
    }
  }

  /// g := g + decay w, v := m v + g, w := w - rate (g + m v).
  public static func nesterov(
    learningRate rate: Double, momentum: Double = 0.9, weightDecay: Double = 0
  ) -> Self {
    Self(
      recipe: .nesterov(learningRate: rate, momentum: momentum, weightDecay: weightDecay),
      name: "nesterov", learningRate: rate, weightDecay: weightDecay, memories: ("velocity", nil)
    ) { element, gradient in
      let direction = gradient + weightDecay * element.value
      element.first = momentum * element.first + direction
      element.value -= rate * (direction + momentum * element.first)
    }
  }

  /// Where a stabilizer e is added.
  public enum StabilizerPlace: String, Codable, Sendable {
    /// sqrt(s) + e, with s corrected for its start where it is: PyTorch's RMSprop and Adam.
    case root
    /// sqrt(s + e): Keras's RMSprop.
    case inside
    /// sqrt(s) + e with s not yet corrected, the "epsilon hat" of Kingma & Ba, section 2: Keras's Adam.
    case uncorrected
  }

  /// s := c s + (1 - c) g^2, w := w - rate g / (sqrt(s) + e).
  public static func rmsprop(
    learningRate rate: Double, smoothing: Double = 0.99, stabilizer: Double = 1e-8,
    stabilizerPlace place: StabilizerPlace = .root
  ) -> Self {
    Self(
      recipe: .rmsprop(
        learningRate: rate, smoothing: smoothing, stabilizer: stabilizer, stabilizerPlace: place),
      name: "rmsprop", learningRate: rate, weightDecay: 0, memories: (nil, "square")
    ) { element, gradient in
      element.second = smoothing * element.second + (1 - smoothing) * gradient * gradient
      element.value -=
        rate * gradient
        / (place == .inside
          ? (element.second + stabilizer).squareRoot()
          : element.second.squareRoot() + stabilizer)
    }
  }

  /// Kingma & Ba, arXiv 1412.6980, algorithm 1. With a weight decay, g := g + decay w.
  public static func adam(
    learningRate rate: Double, weightDecay: Double = 0, beta1: Double = 0.9, beta2: Double = 0.999,
    stabilizer: Double = 1e-8, stabilizerPlace: StabilizerPlace = .root
  ) -> Self {
    adam(
      named: "adam", learningRate: rate, weightDecay: weightDecay, isDecoupled: false, beta1: beta1,
      beta2: beta2, stabilizer: stabilizer, stabilizerPlace)
  }

  /// Loshchilov & Hutter, arXiv 1711.05101, algorithm 2: the decay acts on the weight itself.
  public static func adamw(
    learningRate rate: Double, weightDecay: Double = 0.01, beta1: Double = 0.9,
    beta2: Double = 0.999, stabilizer: Double = 1e-8, stabilizerPlace: StabilizerPlace = .root
  ) -> Self {
    adam(
      named: "adamw", learningRate: rate, weightDecay: weightDecay, isDecoupled: true, beta1: beta1,
      beta2: beta2, stabilizer: stabilizer, stabilizerPlace)
  }

  private static func adam(
    named name: String, learningRate rate: Double, weightDecay: Double, isDecoupled: Bool,
    beta1: Double, beta2: Double, stabilizer: Double, _ place: StabilizerPlace
  ) -> Self {
    Self(
      recipe: isDecoupled
        ? .adamw(
          learningRate: rate, weightDecay: weightDecay, beta1: beta1, beta2: beta2,
          stabilizer: stabilizer, stabilizerPlace: place)
        : .adam(
          learningRate: rate, weightDecay: weightDecay, beta1: beta1, beta2: beta2,
          stabilizer: stabilizer, stabilizerPlace: place),
      name: name, learningRate: rate, weightDecay: weightDecay, memories: ("first", "second"),
      // 1 - beta^t loses that much of a rounding of beta^t.
      roundingsPerStep: 16 + 1 / (1 - beta1) + 1 / (1 - beta2)
    ) { element, gradient in
      let gradient = isDecoupled ? gradient : gradient + weightDecay * element.value
      element.steps += 1
      element.first = beta1 * element.first + (1 - beta1) * gradient
      element.second = beta2 * element.second + (1 - beta2) * gradient * gradient
      let first = element.first / (1 - Foundation.pow(beta1, Double(element.steps)))
      let correction = 1 - Foundation.pow(beta2, Double(element.steps))
      let root =
        place == .uncorrected
        ? (element.second.squareRoot() + stabilizer) / correction.squareRoot()
        : (element.second / correction).squareRoot() + stabilizer
      element.value -= (isDecoupled ? rate * weightDecay * element.value : 0) + rate * first / root
    }
  }

  /// The same with gradients clipped by their global norm: g := g min(1, norm / |all g|).
  public func clipped(to norm: Double) -> Self {
    var clipped = self
    clipped.recipe = .clipped(recipe, norm: norm)
    clipped.name = "\(name)_clipped"
    clipped.clippingNorm = norm
    return clipped
  }

  /// What clipping multiplies gradients of this length with.
  func clippingFactor(length: Double) -> Double {
    clippingNorm.map { length > $0 ? $0 / length : 1 } ?? 1
  }

  /// Every parameter's numbers.
  struct Run {
    let reference: UpdateReference
    /// Places of parameters that are not to be trained.
    var frozen: Set<Int> = []
    /// By parameter: places of elements that are not to be trained, sorted; empty for none anywhere.
    var fixed: [[Int]] = []
    var elements: [[Element]]
    let rounded: [(Double) -> Double]
    /// Of each element: where it began, plus the length of its way since. No value was ever larger.
    private(set) var reach: [[Double]]

    init(
      reference: UpdateReference, frozen: Set<Int> = [], fixed: [[Int]] = [],
      elements: [[Element]],
      rounded: [(Double) -> Double]
    ) {
      self.reference = reference
      self.frozen = frozen
      self.fixed = fixed
      self.elements = elements
      self.rounded = rounded
      reach = elements.map { $0.map { abs($0.value) } }
      // What is fixed has no way, and no rounding: it stays, bit for bit.
      for (p, places) in fixed.enumerated() {
        for i in places { reach[p][i] = 0 }
      }
    }

    mutating func step(_ gradients: [[Double]]) {
      let live = elements.indices.filter { !frozen.contains($0) }
      let isFixed = elements.indices.map { p in Set(fixed.isEmpty ? [] : fixed[p]) }
      let trained = elements.indices.map { p in
        elements[p].indices.filter { !isFixed[p].contains($0) }
      }
      let factor = reference.clippingFactor(
        length: euclideanNorm(
          live.map { p in euclideanNorm(trained[p].map { gradients[p][$0] }) }))
      for p in live {
        for i in trained[p] {
          let before = elements[p][i].value
          reference.rule(&elements[p][i], factor * gradients[p][i])
          elements[p][i].value = rounded[p](elements[p][i].value)
          reach[p][i] += abs(elements[p][i].value - before)
        }
      }
    }

    func values(_ p: Int) -> [Double] { elements[p].map(\.value) }

    /// The memories under the names the models' optimizers give them.
    func state(_ p: Int) -> [String: [Double]] {
      var state: [String: [Double]] = [:]
      if let name = reference.memories.first { state[name] = elements[p].map(\.first) }
      if let name = reference.memories.second { state[name] = elements[p].map(\.second) }
      return state
    }
  }
}
