import TiedLayers

/// A way of training to be checked, and what it must equal.
public struct UpdateSubject: Sendable {
  /// What reports call it.
  public let name: String
  /// Makes the accused, with fresh state.
  public let makeTrainer: @Sendable () -> any Trainer
  /// What it must equal.
  public let reference: UpdateReference
  /// What is not to be trained.
  public let frozen: Frozen

  /// A way of training.
  /// - Parameters:
  ///   - reference: what it must equal.
  ///   - frozen: what is not to be trained.
  ///   - name: what reports call it; the reference's name if nil.
  ///   - makeTrainer: makes it with fresh state.
  public init(
    _ reference: UpdateReference, frozen: Frozen = Frozen(), named name: String? = nil,
    makeTrainer: @escaping @Sendable () -> any Trainer
  ) {
    self.name = name ?? reference.name
    self.reference = reference
    self.frozen = frozen
    self.makeTrainer = makeTrainer
  }

  /// An optimizer that steps once a batch.
  public init(_ reference: UpdateReference, makeOptimizer: @escaping @Sendable () -> any Optimizer)
  {
    self.init(reference, makeTrainer: { OptimizerTrainer(makeOptimizer()) })
  }

  /// The optimizers that `--optimizers` knows, by name, each with its reference.
  public static let standard: [UpdateSubject] = [
    UpdateSubject(.sgd(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.1) }),
    UpdateSubject(
      .momentum(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.1, momentum: 0.9) }),
    UpdateSubject(
      .nesterov(learningRate: 0.1),
      makeOptimizer: { SGD(learningRate: 0.1, momentum: 0.9, nesterov: true) }),
    UpdateSubject(
      .sgd(learningRate: 0.1, weightDecay: 0.01),
      makeOptimizer: { SGD(learningRate: 0.1, weightDecay: 0.01) }),
    UpdateSubject(.rmsprop(learningRate: 0.01), makeOptimizer: { RMSProp(learningRate: 0.01) }),
    UpdateSubject(.adam(learningRate: 0.01), makeOptimizer: { Adam(learningRate: 0.01) }),
    UpdateSubject(
      .adamw(learningRate: 0.01, weightDecay: 0.01),
      makeOptimizer: { Adam(learningRate: 0.01, decoupledDecay: 0.01) }),
  ]
}
