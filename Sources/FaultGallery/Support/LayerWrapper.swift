import GSLKit
import TiedLayers

/// A layer around a right one that changes its fault and nothing else: what a wrong twin does not say
/// is the right layer's.
protocol WrappingLayer<S>: Layer {
  /// The right layer. What it is bound to is what the summary shows.
  var wrapped: any Layer<S> { get }
}

extension WrappingLayer {
  var name: String { wrapped.name }
  var kind: String { wrapped.kind }
  var outputShape: [Int]? { wrapped.outputShape }
  var slotNames: [String] { wrapped.slotNames }
  func images(ofKernel slot: Int) -> KernelImages? { wrapped.images(ofKernel: slot) }
  func reaches(slot: Int, at input: Matrix<S>) throws -> Bool {
    try wrapped.reaches(slot: slot, at: input)
  }
}

/// Around a layer that ends in an elementwise activation.
protocol LayerWrapper<S>: ActivatedLayer, WrappingLayer {
  var layer: any ActivatedLayer<S> { get set }
}

extension LayerWrapper {
  var wrapped: any Layer<S> { layer }
  var activation: ElementwiseFunction { layer.activation }
  var productForm: (any ProductForm)? { layer.productForm }

  var kernels: [Kernel<S>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }

  var biases: [Parameter<S>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> { try layer.preactivation(input) }
}

/// Around a layer of any kind.
protocol PlainLayerWrapper<S>: WrappingLayer {
  var layer: any Layer<S> { get set }
}

extension PlainLayerWrapper {
  var wrapped: any Layer<S> { layer }

  var kernels: [Kernel<S>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }

  var biases: [Parameter<S>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  func forward(_ input: Matrix<S>) throws -> Matrix<S> { try layer.forward(input) }
}
