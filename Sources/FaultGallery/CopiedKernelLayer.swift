import GSLKit
import TiedLayers

/// A layer that computes with copies of the Parameters it shares: what `get_weights()` inside
/// `call()` makes of a tied layer. What is its own it uses itself.
///
/// The forward pass is that of the right layer. The backward pass gives the right cotangent of the
/// input and nothing to the shared Parameters, because copies are constants to whoever
/// differentiates.
struct CopiedKernelLayer<S: Scalar>: ActivatedLayer {
  /// The right layer. What it is bound to is what the summary shows.
  var layer: any ActivatedLayer<S>
  /// The Parameters that other layers use too.
  private let shared: Set<ObjectIdentifier>
  /// Copies taken when the layer was built; nil to take them anew at every call.
  private var frozen: [ObjectIdentifier: Parameter<S>]?

  init(_ layer: any ActivatedLayer<S>, shared: [Parameter<S>], takenOnce: Bool) {
    self.layer = layer
    self.shared = Set(shared.map(ObjectIdentifier.init))
    if takenOnce {
      frozen = Dictionary(
        uniqueKeysWithValues: shared.map { (ObjectIdentifier($0), $0.copy(named: $0.name)) })
    }
  }

  /// The right layer, bound to copies of what it shares.
  private var copied: any ActivatedLayer<S> {
    var copied = layer
    copied.kernels = layer.kernels.map { $0.rebound(to: copy(of: $0.parameter)) }
    copied.biases = layer.biases.map { copy(of: $0) }
    return copied
  }

  private func copy(of parameter: Parameter<S>) -> Parameter<S> {
    guard shared.contains(ObjectIdentifier(parameter)) else { return parameter }
    return frozen?[ObjectIdentifier(parameter)] ?? parameter.copy(named: parameter.name)
  }

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
    var all = Gradients<S>()
    let inputCotangent = try copied.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &all)
    for own in layer.parameters where !shared.contains(ObjectIdentifier(own)) {
      if let gradient = all[own] { try gradients.add(gradient, to: own) }
    }
    return inputCotangent
  }
}

extension Chain {
  /// The chain whose second use of a shared kernel works on copies.
  func withCopiedKernel(takenOnce: Bool, fault: String) throws -> Chain {
    let (_, last) = try tiedPair(for: fault)
    guard let layer = layers[last] as? any ActivatedLayer<S> else {
      throw FaultNotApplicable(fault, needs: "a layer that ends in an elementwise activation")
    }
    let others = layers.indices.filter { $0 != last }.flatMap { l in layers[l].parameters }
    let shared = layer.parameters.filter { own in others.contains { $0 === own } }
    var twin = self
    twin.layers[last] = CopiedKernelLayer(layer, shared: shared, takenOnce: takenOnce)
    return twin
  }
}
