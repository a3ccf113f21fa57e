import Coursework
import GSLKit
import GradientCheck
import Layers
import TiedLayers
import TiedModels

/// A tied autoencoder 5-3-5 of tiecheck's own, trained by your TiedAdam and compared, step by step, with
/// a reference that knows each number once.
public enum OptimizerStepExercise {
  /// The exercise, with its checks and points.
  public static let exercise = Exercise(
    id: "optimizer-step", title: "A step of the optimizer on the shared kernel",
    file: "OptimizerStep.swift",
    checks: [
      .init("one step", points: 2, question(steps: 1)) { try autoencoder(seed: $0) },
      .init("five steps", points: 2, question(steps: 5)) { try autoencoder(seed: $0) },
    ])

  /// The learning rate of both.
  public static let learningRate = 0.01

  /// The answer of this package: the student's.
  public static let yours: @Sendable () -> any Trainer = { TiedAdam(learningRate: learningRate) }

  /// What the training is compared with.
  public static let reference = UpdateReference.adam(learningRate: learningRate)

  private static func question(steps: Int) -> Exercise.Check.Question {
    .updates(reference, steps: steps, makeTrainer: yours)
  }

  /// The autoencoder at a point that depends on the seed.
  public static func autoencoder(seed: UInt64) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.autoencoder(
      features: 5, hidden: [3], tied: true, outputActivation: .identity, random: random)
    let input: Matrix<Double> = random.matrix(rows: 6, columns: 5)
    return ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: input)
  }
}
