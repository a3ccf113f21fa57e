import GSLKit
import GradientCheck
import TiedLayers

/// A tied pair 5-3-5 with a batch.
func pair(
  seed: UInt64, tied: Bool = true,
  decoder wrap: (Dense<Double>) -> any Layer<Double> = { $0 }
) throws -> ChainObjective<Double> {
  let random = RandomSource(seed: seed)
  let kernel = Kernel<Double>("W", random.matrix(rows: 5, columns: 3, -0.8, 0.8))
  let encoder = Dense("encoder", kernel: kernel, activation: .tanh)
  let other = Kernel("V", kernel.parameter.values.transposed)
  let decoder = Dense("decoder", kernel: tied ? kernel.transposed : other)
  let input: Matrix<Double> = random.matrix(rows: 4, columns: 5)
  return ChainObjective(
    Network(Chain([encoder, wrap(decoder)]), loss: .meanSquaredError), input: input, target: input)
}

/// A right layer whose backward pass adds nothing to the kernel's gradient.
struct Forgetful: Layer {
  var inner: Dense<Double>

  var name: String { inner.name }
  var kernels: [Kernel<Double>] {
    get { inner.kernels }
    set { inner.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { inner.biases }
    set { inner.biases = newValue }
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try inner.forward(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var lost = Gradients<Double>()
    return try inner.backward(cotangent, at: input, into: &lost)
  }
}
