import GSLKit
import TiedLayers

/// A layer that computes with copies of what it shares instead of the Parameters: what
/// `get_weights()` inside `call()` makes of a tied layer. What is its own, such as a bias, stays right.
///
/// The forward pass is that of the right layer. The backward pass gives the right cotangent of the
/// input and nothing to the shared Parameters, because copies are constants to whoever
/// differentiates.
struct CopiedKernelLayer<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>
  /// Which of its kernels and biases are copied.
  let copiesKernel: [Bool]
  let copiesBias: [Bool]
  /// Copies taken when the layer was built; nil to take them anew at every call.
  private var frozen: (kernels: [Kernel<S>], biases: [Parameter<S>])?

  /// - Parameter shared: the Parameters that other layers use too.
  init(_ layer: any ActivatedLayer<S>, shared: [Parameter<S>], takenOnce: Bool) {
    func isShared(_ parameter: Parameter<S>) -> Bool { shared.contains { $0 === parameter } }
    self.layer = layer
    copiesKernel = layer.kernels.map { isShared($0.parameter) }
    copiesBias = layer.biases.map(isShared)
    if takenOnce { frozen = copies }
  }

  private var copies: (kernels: [Kernel<S>], biases: [Parameter<S>]) {
    (
      layer.kernels.map { $0.rebound(to: $0.parameter.copy(named: $0.parameter.name)) },
      layer.biases.map { $0.copy(named: $0.name) }
    )
  }

  private var copied: any ActivatedLayer<S> {
    let (kernels, biases) = frozen ?? copies
    var copied = layer
    copied.kernels = layer.kernels.indices.map {
      copiesKernel[$0] ? kernels[$0] : layer.kernels[$0]
    }
    copied.biases = layer.biases.indices.map { copiesBias[$0] ? biases[$0] : layer.biases[$0] }
    return copied
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> { try copied.preactivation(input) }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    var found = Gradients<S>()
    let result = try copied.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &found)
    for parameter in layer.parameters {
      if let own = found[parameter] { try gradients.add(own, to: parameter) }
    }
    return result
  }
}

extension Chain {
  /// The chain whose second use of a shared kernel works on copies.
  func withCopiedKernel(takenOnce: Bool, fault: String) throws -> Chain {
    let (_, last) = try tiedPair(for: fault)
    let layer = try activatedLayer(last, for: fault)
    let others = layers.indices.filter { $0 != last }.flatMap { layers[$0].parameters }
    var twin = self
    twin.layers[last] = CopiedKernelLayer(layer, shared: others, takenOnce: takenOnce)
    return twin
  }
}
