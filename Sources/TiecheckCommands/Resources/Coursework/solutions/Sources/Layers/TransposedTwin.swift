import GSLKit
import TiedLayers

// Exercise 2: the transposed twin. 5 points.
//
// A decoder that uses its encoder's kernel, transposed: y = h K^T + c. It has a bias of its own and
// no kernel of its own. When the encoder's kernel moves, the decoder has moved.
//
// What you need (alt-click, or see the files of that name in tiecheck's Sources/TiedLayers):
//
//     encoder.kernel                 a Kernel: a Parameter, and whether it is read transposed
//     kernel.transposed              the same Parameter, read the other way round; nothing is copied
//     kernel.multiply(x)             x K
//     kernel.multiplyAdjoint(c)      c K^T, the way back
//     matrix.addToEachRow(bias.values)
//     gradients.addProduct(input: x, cotangent: c, to: kernel)      dL/dK += x^T c
//     gradients.addColumnSums(of: c, to: bias)                      dL/db += the sum over samples

/// A dense layer on the kernel of another one.
public struct TransposedDense: Layer {
  /// What reports call the layer.
  public let name: String
  private var kernel: Kernel<Double>
  private var bias: Parameter<Double>

  /// - Parameters:
  ///   - encoder: the layer whose kernel this one shares.
  ///   - bias: one number for each of the encoder's inputs.
  public init(_ name: String, tiedTo encoder: Dense<Double>, bias: Parameter<Double>) throws {
    self.name = name
    kernel = encoder.kernel.transposed
    self.bias = bias
  }

  // Given: what a checker and an optimizer ask of a layer.
  /// The shared kernel, as this layer sees it.
  public var kernels: [Kernel<Double>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }
  /// The bias.
  public var biases: [Parameter<Double>] {
    get { [bias] }
    set { bias = newValue[0] }
  }

  /// The output, batch x encoder's inputs, for hidden values of batch x encoder's outputs.
  public func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
    var output = try kernel.multiply(input)
    try output.addToEachRow(bias.values)
    return output
  }

  /// Adds what this layer contributes to the gradients, and returns dL/dinput.
  public func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try gradients.addProduct(input: input, cotangent: cotangent, to: kernel)
    try gradients.addColumnSums(of: cotangent, to: bias)
    return try kernel.multiplyAdjoint(cotangent)
  }
}
