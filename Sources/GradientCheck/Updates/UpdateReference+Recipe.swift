extension UpdateReference {
  /// Everything that makes a reference what it is: which one, and with which numbers.
  package indirect enum Recipe: Codable, Equatable, Sendable {
    case sgd(learningRate: Double, weightDecay: Double)
    case momentum(learningRate: Double, momentum: Double, weightDecay: Double)
    case nesterov(learningRate: Double, momentum: Double, weightDecay: Double)
    case rmsprop(
      learningRate: Double, smoothing: Double, stabilizer: Double,
      stabilizerPlace: StabilizerPlace)
    case adam(
      learningRate: Double, weightDecay: Double, beta1: Double, beta2: Double, stabilizer: Double,
      stabilizerPlace: StabilizerPlace)
    case adamw(
      learningRate: Double, weightDecay: Double, beta1: Double, beta2: Double, stabilizer: Double,
      stabilizerPlace: StabilizerPlace)
    case clipped(Recipe, norm: Double)
  }

  /// The reference that has this recipe.
  package init(_ recipe: Recipe) {
    switch recipe {
    case .sgd(let rate, let decay): self = .sgd(learningRate: rate, weightDecay: decay)
    case .momentum(let rate, let momentum, let decay):
      self = .momentum(learningRate: rate, momentum: momentum, weightDecay: decay)
    case .nesterov(let rate, let momentum, let decay):
      self = .nesterov(learningRate: rate, momentum: momentum, weightDecay: decay)
    case .rmsprop(let rate, let smoothing, let stabilizer, let place):
      self = .rmsprop(
        learningRate: rate, smoothing: smoothing, stabilizer: stabilizer, stabilizerPlace: place)
    case .adam(let rate, let decay, let beta1, let beta2, let stabilizer, let place):
      self = .adam(
        learningRate: rate, weightDecay: decay, beta1: beta1, beta2: beta2, stabilizer: stabilizer,
        stabilizerPlace: place)
    case .adamw(let rate, let decay, let beta1, let beta2, let stabilizer, let place):
      self = .adamw(
        learningRate: rate, weightDecay: decay, beta1: beta1, beta2: beta2, stabilizer: stabilizer,
        stabilizerPlace: place)
    case .clipped(let inner, let norm): self = UpdateReference(inner).clipped(to: norm)
    }
  }
}
