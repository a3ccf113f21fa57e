import GSLKit

/// One layer of a network: a function of a batch and of the Parameters it uses.
///
/// There are no caches: the derivative is a function of a point, and `backward` says which. A layer
/// that is used twice is therefore simply right.
public protocol Layer<S> {
  associatedtype S: Scalar

  /// Unique within a Chain, such as "encoder".
  var name: String { get }
  /// What the summary calls it, such as "Dense (tanh)".
  var kind: String { get }
  /// The kernels this layer uses, one element for each use: a layer that runs one kernel at every time
  /// step lists it once for each step. Setting rebinds the uses, in the same order, to Kernels that
  /// have the same shape as this layer sees them.
  var kernels: [Kernel<S>] { get set }
  /// The biases this layer uses, likewise. Setting rebinds them, in the same order.
  var biases: [Parameter<S>] { get set }
  /// What reports call each use, kernels first, such as "step 3": shown where the layer uses a
  /// Parameter more than once.
  var slotNames: [String] { get }

  /// How an output row is laid out where it is more than a list, such as height, width, channels.
  var outputShape: [Int]? { get }

  /// How a report draws the kernel in a slot: as small images of a window; nil for one picture of the
  /// matrix.
  func images(ofKernel slot: Int) -> KernelImages?

  /// Whether the Parameter in a slot can change the output at this input: at a time step that no
  /// sequence of the batch reaches, it cannot. A layer whose output does not follow a Parameter holds a
  /// copy of it, unless this is false.
  func reaches(slot: Int, at input: Matrix<S>) throws -> Bool

  /// The output (batch x outputs) for an input (batch x inputs).
  /// - Throws: `ShapeMismatch` where the input does not fit.
  func forward(_ input: Matrix<S>) throws -> Matrix<S>

  /// Adds this layer's contributions to `gradients` and returns the cotangent of its input.
  /// - Parameters:
  ///   - cotangent: the derivative of the loss by this layer's output, batch x outputs.
  ///   - input: the point, the very input that `forward` was given.
  ///   - gradients: what the contributions are added to.
  func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S>
}

extension Layer {
  /// The name of the type.
  public var kind: String {
    let type = String(describing: type(of: self))
    return String(type.prefix { $0 != "<" })
  }

  /// nil: a list.
  public var outputShape: [Int]? { nil }

  /// nil: a matrix is drawn as a matrix.
  public func images(ofKernel slot: Int) -> KernelImages? { nil }

  /// true: every use counts at every input.
  public func reaches(slot: Int, at input: Matrix<S>) throws -> Bool { true }

  /// The output before the activation, if the layer ends in one.
  package func beforeActivation(_ input: Matrix<S>) throws -> Matrix<S> {
    guard let layer = self as? any ActivatedLayer<S> else { return try forward(input) }
    return try layer.preactivation(input)
  }

  /// "use 1", "use 2", ... and "bias 1", "bias 2", ...
  public var slotNames: [String] {
    kernels.indices.map { "use \($0 + 1)" } + biases.indices.map { "bias \($0 + 1)" }
  }

  /// Every Parameter that this layer says it uses, once each, kernels first.
  public var parameters: [Parameter<S>] {
    uniqued(kernels.map(\.parameter) + biases)
  }
}

/// A layer that ends in an elementwise activation, and can stop before it. A loss that is computed
/// from the logits (binary cross-entropy after a sigmoid) needs exactly that.
package protocol ActivatedLayer<S>: Layer {
  /// The function that is applied to each element at the end.
  var activation: ElementwiseFunction { get }
  /// Which products of inputs and kernel elements each element of the preactivation adds up. A diagnosis
  /// computes it a second way from this. nil where the preactivation is not the product of the input
  /// with one kernel, the layer's first, and a bias.
  var productForm: (any ProductForm)? { get }

  /// What the activation is applied to, batch x outputs.
  func preactivation(_ input: Matrix<S>) throws -> Matrix<S>

  /// `backward` from the cotangent of the preactivation.
  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S>
}

extension ActivatedLayer {
  package var productForm: (any ProductForm)? { nil }

  /// The activation of `preactivation`: batch x outputs.
  /// - Throws: `ShapeMismatch` where the input does not fit.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    var output = try preactivation(input)
    output.apply(activation)
    return output
  }

  /// Multiplies the cotangent by the slope of the activation, and hands it on.
  /// - Throws: `ShapeMismatch` where the input does not fit.
  public func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    var inner = cotangent
    try inner.multiplyByDerivative(of: activation, at: preactivation(input))
    return try backward(preactivationCotangent: inner, at: input, into: &gradients)
  }
}

/// Each Parameter once, in order of first appearance.
package func uniqued<S>(_ parameters: [Parameter<S>]) -> [Parameter<S>] {
  var seen: Set<ObjectIdentifier> = []
  return parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
}
