import Coursework
import GSLKit
import GradientCheck
import Layers

/// The loss of the linear autoencoder, as a function of one kernel for each of its two uses.
public enum FindTheFaultExercise {
  /// The exercise, with its checks and points.
  public static let exercise = Exercise(
    id: "find-the-fault", title: "Find the fault", file: "FindTheFault.swift",
    checks: [.init("gradient", points: 4, .gradient) { try gradient(seed: $0) }])

  /// What the student writes, as a function.
  public typealias Answer =
    @Sendable (_ kernel: [[Double]], _ bias: [Double], _ batch: [[Double]]) throws -> [[Double]]

  /// The answer of this package: the student's.
  public static let yours: Answer = { kernel, bias, batch in
    try LinearAutoencoder(kernel: kernel, bias: bias).kernelGradient(batch)
  }

  /// The loss as a function of the one kernel, with the gradient that the answer claims.
  public static func gradient(seed: UInt64, answer: @escaping Answer = yours) throws
    -> any SummarizedObjective
  {
    let random = RandomSource(seed: seed)
    let kernel = rows(4, 3, random)
    let bias = rows(1, 4, random)[0]
    let batch = rows(5, 4, random)
    return try SharedKernelObjective(
      at: kernel, places: ["encoder", .transposed("decoder")], batch: batch.count,
      loss: { kernels in
        var sum = 0.0
        for x in batch {
          let h = kernels[0][0].indices.map { j in
            x.indices.reduce(0) { $0 + x[$1] * kernels[0][$1][j] }
          }
          for i in x.indices {
            let y = h.indices.reduce(bias[i]) { $0 + h[$1] * kernels[1][i][$1] }
            sum += (y - x[i]) * (y - x[i]) / 2
          }
        }
        return sum / Double(batch.count)
      },
      // The code that is judged says only what the sum is.
      contributions: { kernel in [kernel, kernel].map { $0.map { $0.map { _ in 0 } } } },
      gradient: { try answer($0, bias, batch) })
  }
}
