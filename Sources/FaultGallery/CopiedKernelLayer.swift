import GSLKit
import TiedLayers

/// A layer that computes with copies of its kernels and biases instead of the Parameters: what
/// `get_weights()` inside `call()` makes of a tied layer.
///
/// The forward pass is that of the right layer. The backward pass gives the right cotangent of the
/// input and nothing to the Parameters, because copies are constants to whoever differentiates.
struct CopiedKernelLayer<S: Scalar>: ActivatedLayer {
  /// The right layer. What it is bound to is what the summary shows.
  var layer: any ActivatedLayer<S>
  /// Copies taken when the layer was built; nil to take them anew at every call.
  var frozen: (any ActivatedLayer<S>)?

  init(_ layer: any ActivatedLayer<S>, takenOnce: Bool) {
    self.layer = layer
    frozen = takenOnce ? Self.copy(of: layer) : nil
  }

  private static func copy(of layer: any ActivatedLayer<S>) -> any ActivatedLayer<S> {
    var copy = layer
    copy.kernels = layer.kernels.map { $0.rebound(to: $0.parameter.copy(named: $0.parameter.name)) }
    copy.biases = layer.biases.map { $0.copy(named: $0.name) }
    return copy
  }

  private var copied: any ActivatedLayer<S> { frozen ?? Self.copy(of: layer) }

  var name: String { layer.name }
  var kind: String { layer.kind }
  var activation: ElementwiseFunction { layer.activation }

  var kernels: [Kernel<S>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }

  var biases: [Parameter<S>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> { try copied.preactivation(input) }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    var unused = Gradients<S>()
    return try copied.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &unused)
  }
}

extension Chain {
  /// The chain whose second use of a shared kernel works on copies.
  func withCopiedKernel(takenOnce: Bool, fault: String) throws -> Chain {
    let (_, last) = try tiedPair(for: fault)
    guard let layer = layers[last] as? any ActivatedLayer<S> else {
      throw FaultNotApplicable(fault, needs: "a layer that ends in an elementwise activation")
    }
    var twin = self
    twin.layers[last] = CopiedKernelLayer(layer, takenOnce: takenOnce)
    return twin
  }
}
