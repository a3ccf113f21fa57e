import Coursework
import Foundation
import GSLKit
import GradientCheck
import Layers

/// A batch of 4 samples goes through a dense layer with 3 inputs and 2 units. The loss is
/// L = sum of c[n][j] y[n][j], so that the cotangent is c: whatever stands behind a layer, this is all
/// that the layer sees of it.
public enum DenseBackwardExercise {
  /// The exercise, with its checks and points.
  public static let exercise = Exercise(
    id: "dense-backward", title: "The backward pass of a dense layer",
    file: "DenseBackward.swift",
    checks: [
      .init("kernel", points: 2, .gradient) { try kernel(seed: $0) },
      .init("bias", points: 1, .gradient) { try bias(seed: $0) },
      .init("input", points: 1, .gradient) { try input(seed: $0) },
    ])

  /// What the student writes, as a function.
  public typealias Answer =
    @Sendable (_ cotangent: [[Double]], _ x: [[Double]], _ kernel: [[Double]], _ bias: [Double])
    throws -> DenseGradients

  /// The answer of this package: the student's.
  public static let yours: Answer = { cotangent, x, kernel, bias in
    try denseBackward(cotangent, at: x, kernel: kernel, bias: bias)
  }

  /// L as a function of the kernel.
  public static func kernel(seed: UInt64, answer: @escaping Answer = yours) throws -> any Objective
  {
    let at = Point(seed: seed)
    return try FunctionObjective(
      at: at.kernel, named: "K", loss: { at.loss(at.x, $0, at.bias) },
      gradient: { try answer(at.cotangent, at.x, $0, at.bias).kernel })
  }

  /// L as a function of the bias.
  public static func bias(seed: UInt64, answer: @escaping Answer = yours) throws -> any Objective {
    let at = Point(seed: seed)
    return FunctionObjective(
      at: at.bias, named: "b", loss: { at.loss(at.x, at.kernel, $0) },
      gradient: { try answer(at.cotangent, at.x, at.kernel, $0).bias })
  }

  /// L as a function of the input.
  public static func input(seed: UInt64, answer: @escaping Answer = yours) throws -> any Objective {
    let at = Point(seed: seed)
    return try FunctionObjective(
      at: at.x, named: "x", loss: { at.loss($0, at.kernel, at.bias) },
      gradient: { try answer(at.cotangent, $0, at.kernel, at.bias).input })
  }

  private struct Point: Sendable {
    let x: [[Double]]
    let kernel: [[Double]]
    let bias: [Double]
    let cotangent: [[Double]]

    init(seed: UInt64) {
      let random = RandomSource(seed: seed)
      x = rows(4, 3, random)
      kernel = rows(3, 2, random)
      bias = rows(1, 2, random)[0]
      cotangent = rows(4, 2, random)
    }

    /// A forward pass of the exercise's own: it does not ask the code that it judges.
    func loss(_ x: [[Double]], _ kernel: [[Double]], _ bias: [Double]) -> Double {
      let y = x.map { sample in
        bias.indices.map { j in
          tanh(sample.indices.reduce(bias[j]) { $0 + sample[$1] * kernel[$1][j] })
        }
      }
      return innerProduct(cotangent, y)
    }
  }
}
