import Coursework
import GSLKit
import GradientCheck
import Layers
import TiedLayers

/// An encoder with 4 inputs and 4 hidden units, and your decoder on the same kernel. The kernel is
/// square on purpose: a transpose that was forgotten fits, and is wrong.
public enum TransposedTwinExercise {
  /// The exercise, with its checks and points.
  public static let exercise = Exercise(
    id: "transposed-twin", title: "The transposed twin", file: "TransposedTwin.swift",
    checks: [
      .init("gradient", points: 3, .gradient) { try gradient(seed: $0) },
      .init("tie", points: 2, .ties(["encoder", "decoder"])) { try pair(seed: $0) },
    ])

  /// What the student writes, as a function.
  public typealias Answer =
    @Sendable (_ encoder: Dense<Double>, _ bias: Parameter<Double>) throws -> any Layer<Double>

  /// The answer of this package: the student's.
  public static let yours: Answer = { encoder, bias in
    try TransposedDense("decoder", tiedTo: encoder, bias: bias)
  }

  /// The autoencoder with your decoder.
  public static func pair(seed: UInt64, answer: Answer = yours) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let encoder = Dense(
      "encoder", kernel: Kernel("W", random.matrix(rows: 4, columns: 4, -0.9, 0.9)),
      bias: Parameter("b", rows(1, 4, random)[0]), activation: .tanh)
    let decoder = try answer(encoder, Parameter("c", rows(1, 4, random)[0]))
    let input: Matrix<Double> = random.matrix(rows: 6, columns: 4)
    return ChainObjective(
      Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: input, target: input)
  }

  /// The gradient that your decoder claims, against the loss of an autoencoder of tiecheck's: a forward
  /// pass that computes something else is found too.
  public static func gradient(seed: UInt64, answer: Answer = yours) throws
    -> any SummarizedObjective
  {
    let right = try pair(seed: seed) { encoder, bias in
      Dense("decoder", kernel: encoder.kernel.transposed, bias: bias)
    }
    return try right.withGradient(of: pair(seed: seed, answer: answer))
  }
}
