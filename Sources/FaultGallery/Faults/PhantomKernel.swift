import GSLKit
import GradientCheck
import TiedLayers

/// A kernel that is registered and never read.
package struct PhantomKernel: Fault {
  package let id = "phantom-kernel"
  package let summary =
    "the tied layer registers a kernel of its own that nothing reads"
  package let lesson =
    "The layer inherits from one that makes a kernel, and then uses another. The phantom has a "
    + "gradient of zero, is counted, saved and sent over the network, and weight decay shrinks "
    + "it."
  package let source = "Megatron-LM#7577; keras#386"
  package let convictor = Convictor.structure
  package let diagnosis = "phantom-kernel"
  package let explanation = FaultExplanation(
    tempting:
      "Subclassing Dense is the shortest way to a tied layer.",
    formula:
      "dL/dV = 0; with decay V -> (1 - rate lambda)^t V",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)
      """,
    keras: """
      class Tied(keras.layers.Dense):                 # wrong: build() makes a kernel
        def call(self, h): return h @ keras.ops.transpose(self.tied_to.kernel)
      class Tied(keras.layers.Layer): ...             # right: registers its bias only
      """,
    pytorch: """
      class Tied(nn.Linear): ...   # wrong: registers self.weight, and uses another
      class Tied(nn.Module): ...   # right: registers its bias only
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (_, last) = try chain.tiedPair(for: id)
    let layer = try chain.activatedLayer(last, for: id)
    let kernel = layer.kernels[0]
    let phantom = Kernel<S>(
      "phantom",
      RandomSource(seed: 386).matrix(rows: kernel.rows, columns: kernel.columns, -0.7, 0.7))
    var twin = chain
    twin.layers[last] = PhantomLayer(layer: layer, phantom: phantom)
    return twin
  }
}

/// Registers one kernel more than it reads.
private struct PhantomLayer<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>
  var phantom: Kernel<S>

  var kernels: [Kernel<S>] {
    get { layer.kernels + [phantom] }
    set {
      layer.kernels = Array(newValue.dropLast())
      phantom = newValue[newValue.count - 1]
    }
  }

  var slotNames: [String] {
    let names = layer.slotNames
    return names.prefix(layer.kernels.count) + ["phantom"] + names.dropFirst(layer.kernels.count)
  }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try gradients.add(Matrix(rows: phantom.rows, columns: phantom.columns), to: phantom)
    return try layer.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &gradients)
  }
}
