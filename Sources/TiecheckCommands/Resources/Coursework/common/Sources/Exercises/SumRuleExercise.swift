import Coursework
import Foundation
import GSLKit
import GradientCheck
import Layers

/// A tied autoencoder y = tanh(x W) W^T with a batch of 5, whose two backward passes are given. You add up.
public enum SumRuleExercise {
  /// The exercise, with its checks and points.
  public static let exercise = Exercise(
    id: "sum-rule", title: "The sum rule", file: "SumRule.swift",
    checks: [
      .init("square", points: 2, .gradient) { try square(seed: $0) },
      .init("oblong", points: 1, .gradient) { try oblong(seed: $0) },
    ])

  /// What the student writes, as a function.
  public typealias Answer =
    @Sendable (_ encoder: [[Double]], _ decoder: [[Double]]) throws -> [[Double]]

  /// The answer of this package: the student's.
  public static let yours: Answer = { encoder, decoder in
    try sharedGradient(encoder: encoder, decoder: decoder)
  }

  /// With a kernel of 3 x 3, which would take either orientation.
  public static func square(seed: UInt64, answer: @escaping Answer = yours) throws
    -> any SummarizedObjective
  { try objective(3, 3, seed, answer) }

  /// With a kernel of 4 x 2.
  public static func oblong(seed: UInt64, answer: @escaping Answer = yours) throws
    -> any SummarizedObjective
  { try objective(4, 2, seed, answer) }

  private static func objective(
    _ inputs: Int, _ hidden: Int, _ seed: UInt64, _ answer: @escaping Answer
  ) throws -> any SummarizedObjective {
    let random = RandomSource(seed: seed)
    let kernel = rows(inputs, hidden, random)
    let pair = TiedPair(x: rows(5, inputs, random))
    return try SharedKernelObjective(
      at: kernel, places: ["encoder", .transposed("decoder")], batch: 5,
      loss: { pair.loss(encoder: $0[0], decoder: transpose($0[1])) },
      contributions: { kernel in
        let found = pair.backward(kernel)
        return [found.encoder, transpose(found.decoder)]
      },
      gradient: { kernel in
        let found = pair.backward(kernel)
        return try answer(found.encoder, found.decoder)
      })
  }

  /// Two matrices that know nothing of each other: inputs x hidden, and hidden x inputs.
  private struct TiedPair: Sendable {
    let x: [[Double]]

    func loss(encoder: [[Double]], decoder: [[Double]]) -> Double {
      var sum = 0.0
      for x in x {
        for (y, x) in zip(product(hidden(x, encoder), decoder), x) { sum += (y - x) * (y - x) / 2 }
      }
      return sum / Double(x.count)
    }

    func hidden(_ x: [Double], _ encoder: [[Double]]) -> [Double] {
      product(x, encoder).map { tanh($0) }
    }

    func product(_ x: [Double], _ matrix: [[Double]]) -> [Double] {
      matrix[0].indices.map { j in
        var sum = 0.0
        for i in x.indices { sum += x[i] * matrix[i][j] }
        return sum
      }
    }

    /// dL/d(encoder's matrix) and dL/d(decoder's matrix), where the second is the first transposed.
    func backward(_ kernel: [[Double]]) -> (encoder: [[Double]], decoder: [[Double]]) {
      let turned = transpose(kernel)
      var encoder = kernel.map { $0.map { _ in 0.0 } }
      var decoder = turned.map { $0.map { _ in 0.0 } }
      for x in x {
        let h = hidden(x, kernel)
        let error = zip(product(h, turned), x).map { ($0 - $1) / Double(self.x.count) }
        let back = product(error, kernel)
        for i in x.indices {
          for j in h.indices {
            decoder[j][i] += h[j] * error[i]
            encoder[i][j] += x[i] * back[j] * (1 - h[j] * h[j])
          }
        }
      }
      return (encoder, decoder)
    }
  }
}
