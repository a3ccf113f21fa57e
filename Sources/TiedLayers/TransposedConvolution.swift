import GSLKit

/// The adjoint of a convolution (before bias and activation): each pixel of the small image, times
/// the kernel, is added where the convolution's window would have read it.
///
///     output(a s + di - p, b s + dj - p, c)  +=  sum_f input(a, b, f) K'(f, (di * k + dj) * channels + c)
///
/// With K' = Kᵀ and the same window it is exactly the transpose of the convolution with K, so that
/// <A u, v> = <u, Aᵀ v>. It does not invert it. Written as a convolution over the input, with zeros
/// put between its pixels, it would have to read the kernel flipped: forgetting that is the usual
/// mistake (Dumoulin & Visin, arXiv 1603.07285, chapter 4).
public struct TransposedConvolution<S: Scalar>: ActivatedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// input channels x patch as this layer sees it: the convolution's kernel, transposed.
  public var kernel: Kernel<S>
  /// One element for each channel of the image that is made; nil for none.
  public var bias: Parameter<S>?
  /// The window of the convolution that this is the transpose of: `image` is what is made here.
  public let window: SlidingWindow
  /// The function that is applied to each element of the output.
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - kernel: input channels x patch; `convolution.kernel.transposed` ties.
  ///   - bias: one element for each channel of the image that is made.
  ///   - window: that of the convolution. It says which image is made, of the several that fit.
  ///   - activation: applied to each element of the output.
  public init(
    _ name: String, kernel: Kernel<S>, bias: Parameter<S>? = nil, window: SlidingWindow,
    activation: ElementwiseFunction = .identity
  ) {
    self.name = name
    self.kernel = kernel
    self.bias = bias
    self.window = window
    self.activation = activation
  }

  /// What the summary calls this layer.
  public var kind: String { window.kind("Transposed convolution", activation) }

  /// The image that the input's rows hold.
  public var input: ImageShape { window.output(channels: kernel.rows) }

  /// The image that the output's rows hold.
  public var output: ImageShape { window.image }

  /// How an output row is laid out: [height, width, channels], or [length, channels].
  public var outputShape: [Int]? { output.shape }

  /// The kernel as one small image of the window for each pair of channels.
  public func images(ofKernel slot: Int) -> KernelImages? {
    window.images(isAlongColumns: !kernel.isTransposed)
  }

  /// The one kernel that this layer uses. Setting binds the layer to another of the same shape.
  public var kernels: [Kernel<S>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }

  /// The bias, or an empty list where there is none. Setting binds the layer to another.
  public var biases: [Parameter<S>] {
    get { bias.map { [$0] } ?? [] }
    set { bias = newValue.first }
  }

  package var productForm: (any ProductForm)? {
    WindowForm(window: window, channels: kernel.rows, isTransposed: true)
  }

  package func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try requireFit(input, bias: bias)
    let patches = try kernel.multiply(input.reshaped(columns: kernel.rows))
    let output = window.images(adding: patches, batch: input.rows)
    guard let bias else { return output }
    var pixels = try output.reshaped(columns: window.image.channels)
    try pixels.addToEachRow(bias.values)
    return try pixels.reshaped(columns: window.image.count)
  }

  package func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try requireFit(input, bias: nil)
    let pixels = try window.requireCotangent(
      preactivationCotangent, of: name, batch: input.rows, output: output)
    let patches = window.patches(of: preactivationCotangent)
    try gradients.addProduct(
      input: input.reshaped(columns: kernel.rows), cotangent: patches, to: kernel)
    if let bias { try gradients.addColumnSums(of: pixels, to: bias) }
    return try kernel.multiplyAdjoint(patches).reshaped(columns: self.input.count)
  }

  private func requireFit(_ input: Matrix<S>, bias: Parameter<S>?) throws {
    let operation = "transposed convolution \"\(name)\""
    guard kernel.columns == window.patchCount else {
      throw window.kernelMismatch(
        operation, given: "a kernel of \(kernel.rows) x \(kernel.columns)",
        expected: "\(window.patchCount) columns", isTurned: kernel.rows == window.patchCount)
    }
    try self.input.requireRows(of: input, operation)
    if let bias, bias.count != window.image.channels {
      throw channelBiasMismatch(operation, length: bias.count, channels: window.image.channels)
    }
  }
}

extension TransposedConvolution: SavedLayer {
  package static var fileType: String { "transposed_convolution" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.kernel(kernel)
    entry.bias(bias)
    window.write(to: &entry)
    entry.choice(activation, as: "activation")
  }

  package func numbers(inputWidth: Int) -> Double { window.numbers(kernel.rows) }
  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    TransposedConvolution<T>(
      entry.name, kernel: try entry.kernel(), bias: try entry.bias(),
      window: try SlidingWindow(entry),
      activation: try entry.choice("activation", default: .identity))
  }
}
