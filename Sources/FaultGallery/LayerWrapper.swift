import GSLKit
import TiedLayers

/// A layer around a right one that changes its fault and nothing else: what a wrong twin does not say
/// is the right layer's.
protocol LayerWrapper<S>: ActivatedLayer {
  /// The right layer. What it is bound to is what the summary shows.
  var layer: any ActivatedLayer<S> { get set }
}

extension LayerWrapper {
  var name: String { layer.name }
  var kind: String { layer.kind }
  var outputShape: [Int]? { layer.outputShape }
  func images(ofKernel slot: Int) -> KernelImages? { layer.images(ofKernel: slot) }
  func reaches(slot: Int, at input: Matrix<S>) throws -> Bool {
    try layer.reaches(slot: slot, at: input)
  }
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

  var slotNames: [String] { layer.slotNames }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> { try layer.preactivation(input) }
}

/// The same around a layer of any kind.
protocol PlainLayerWrapper<S>: Layer {
  var layer: any Layer<S> { get set }
}

extension PlainLayerWrapper {
  var name: String { layer.name }
  var kind: String { layer.kind }
  var outputShape: [Int]? { layer.outputShape }
  func images(ofKernel slot: Int) -> KernelImages? { layer.images(ofKernel: slot) }
  func reaches(slot: Int, at input: Matrix<S>) throws -> Bool {
    try layer.reaches(slot: slot, at: input)
  }

  var kernels: [Kernel<S>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }

  var biases: [Parameter<S>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  var slotNames: [String] { layer.slotNames }

  func forward(_ input: Matrix<S>) throws -> Matrix<S> { try layer.forward(input) }
}
