// Exercise 3: the sum rule. 3 points.
//
// A kernel W (inputs x hidden) is used twice: by an encoder as it is, and by a decoder transposed. Both
// backward passes have run. Each has found the derivative of the loss by the matrix that it multiplied
// with: the encoder by W, the decoder by W^T.

/// The gradient of the loss by the one kernel W.
/// - Parameters:
///   - encoder: dL/d(the encoder's matrix), inputs x hidden.
///   - decoder: dL/d(the decoder's matrix), hidden x inputs.
/// - Returns: dL/dW, inputs x hidden.
public func sharedGradient(encoder: [[Double]], decoder: [[Double]]) throws -> [[Double]] {
  throw NotSolved(
    "sum-rule",
    "Write sharedGradient in Sources/Layers/SumRule.swift. W moves, and the loss moves along both "
      + "ways: what is the total?")
}
