import Foundation
import TiedLayers

// Exercise 4: a step of the optimizer on the shared kernel. 4 points.
//
// After a batch, every layer hands in what it contributes to the gradients. An encoder and a decoder that
// share a kernel both hand in something for it. How often may the optimizer move the kernel, by what, and
// how many memories of the past does it keep for it?

/// Adam's memory of one parameter, and its step: given (Kingma & Ba, arXiv 1412.6980, algorithm 1).
public struct AdamMemory {
  /// The running mean of the gradient.
  public private(set) var first: [Double]
  /// The running mean of its square.
  public private(set) var second: [Double]
  private var steps = 0

  /// A memory of nothing, for a parameter of `count` numbers.
  public init(count: Int) {
    first = [Double](repeating: 0, count: count)
    second = first
  }

  /// One step: changes `values`, and this memory.
  public mutating func step(_ values: inout [Double], _ gradient: [Double], learningRate: Double) {
    steps += 1
    for i in values.indices {
      first[i] = 0.9 * first[i] + (1 - 0.9) * gradient[i]
      second[i] = 0.999 * second[i] + (1 - 0.999) * gradient[i] * gradient[i]
      let mean = first[i] / (1 - pow(0.9, Double(steps)))
      let square = second[i] / (1 - pow(0.999, Double(steps)))
      values[i] -= learningRate * mean / (square.squareRoot() + 1e-8)
    }
  }
}

/// Trains with Adam.
public final class TiedAdam: Trainer {
  private let learningRate: Double
  /// One memory for each parameter, found by the parameter's identity.
  private var memories: [ObjectIdentifier: AdamMemory] = [:]

  /// Starts without memories.
  public init(learningRate: Double) { self.learningRate = learningRate }

  // Given: what a checker asks of a trainer.
  /// How many memories are kept.
  public var stateSlots: Int { memories.count }
  /// The memory of one parameter.
  public func state(of parameter: any AnyParameter) -> [String: [Double]] {
    memories[ObjectIdentifier(parameter)].map { ["first": $0.first, "second": $0.second] } ?? [:]
  }

  /// One update after one batch.
  /// - Parameters:
  ///   - parameters: each Parameter once. `flat` reads and writes all of its values.
  ///   - contributions: for each layer, for each of `parameters` in that order, what the layer
  ///     contributes to its gradient, nil if it does not use it.
  public func step(
    _ parameters: [any AnyParameter], contributions: [LayerContribution]
  ) throws {
    throw NotSolved(
      "optimizer-step",
      "Write step of TiedAdam in Sources/Layers/OptimizerStep.swift: for each parameter one "
        + "gradient, one memory, one step.")
  }
}
