import GSLKit

/// A convolution: at each position of a sliding window the pixels it sees, times the kernel.
///
///     output(a, b, f) = activation( sum_{di, dj, c} image(a s + di - p, b s + dj - p, c)
///                                   K((di * k + dj) * channels + c, f)  +  b(f) )
///
/// As everywhere in deep learning the kernel is not flipped: mathematicians call it a correlation.
/// The kernel is a matrix with one row for each element of a patch and one column for each output
/// channel, so that the layer is one product: (batch * positions x patch) (patch x channels). It is
/// the very matrix that TensorFlow's (k, k, channels, filters) tensor is when read as rows.
public struct Convolution<S: Scalar>: ActivatedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// patch x output channels as this layer sees it.
  public var kernel: Kernel<S>
  /// One element for each output channel; nil for none.
  public var bias: Parameter<S>?
  /// The window, and the image that it slides over.
  public let window: SlidingWindow
  /// The function that is applied to each element of the output.
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - kernel: patch x output channels.
  ///   - bias: one element for each output channel.
  ///   - window: what slides over which image.
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
  public var kind: String { window.kind("Convolution", activation) }

  /// The image that the output's rows hold.
  public var output: ImageShape { window.output(channels: kernel.columns) }

  /// How an output row is laid out: [height, width, channels], or [length, channels].
  public var outputShape: [Int]? { output.shape }

  /// The kernel as one small image of the window for each pair of channels.
  public func images(ofKernel slot: Int) -> KernelImages? {
    window.images(isAlongColumns: kernel.isTransposed)
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
    WindowForm(window: window, channels: kernel.columns, isTransposed: false)
  }

  package func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try requireFit(input, bias: bias)
    var output = try kernel.multiply(window.patches(of: input))
    if let bias { try output.addToEachRow(bias.values) }
    return try output.reshaped(columns: self.output.count)
  }

  package func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try requireFit(input, bias: nil)
    let cotangent = try window.requireCotangent(
      preactivationCotangent, of: name, batch: input.rows, output: output)
    try gradients.addProduct(
      input: window.patches(of: input), cotangent: cotangent, to: kernel)
    if let bias { try gradients.addColumnSums(of: cotangent, to: bias) }
    return window.images(adding: try kernel.multiplyAdjoint(cotangent), batch: input.rows)
  }

  private func requireFit(_ input: Matrix<S>, bias: Parameter<S>?) throws {
    let operation = "convolution \"\(name)\""
    guard kernel.rows == window.patchCount else {
      throw window.kernelMismatch(
        operation, given: "a kernel of \(kernel.rows) x \(kernel.columns)",
        expected: "\(window.patchCount) rows", isTurned: kernel.columns == window.patchCount)
    }
    try window.image.requireRows(of: input, operation)
    if let bias, bias.count != kernel.columns {
      throw channelBiasMismatch(operation, length: bias.count, channels: kernel.columns)
    }
  }
}

extension Convolution: SavedLayer {
  package static var fileType: String { "convolution" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.kernel(kernel)
    entry.bias(bias)
    window.write(to: &entry)
    entry.choice(activation, as: "activation")
  }

  package func numbers(inputWidth: Int) -> Double { window.numbers(kernel.columns) }
  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Convolution<T>(
      entry.name, kernel: try entry.kernel(), bias: try entry.bias(),
      window: try SlidingWindow(entry),
      activation: try entry.choice("activation", default: .identity))
  }
}

// MARK: - Shared with the transposed convolution

extension SlidingWindow {
  /// The image, and at every position its patch and what is made of it.
  func numbers(_ channels: Int) -> Double {
    Double(image.count) + Double(positions.count) * (Double(patchCount) + Double(channels))
  }

  /// "Convolution 3 x 3, stride 2, padding 1 (tanh)".
  func kind(_ word: String, _ activation: ElementwiseFunction) -> String {
    let size = image.height == 1 ? "\(self.size.width)" : shapeText([size.height, size.width])
    let step = image.height == 1 ? "\(stride.width)" : "\(stride)"
    let edge = image.height == 1 ? "\(padding.width)" : "\(padding)"
    return "\(word) \(size)" + (step == "1" ? "" : ", stride \(step)")
      + (edge == "0" ? "" : ", padding \(edge)")
      + (activation == .identity ? "" : " (\(activation))")
  }

  func images(isAlongColumns: Bool) -> KernelImages {
    KernelImages(height: size.height, width: size.width, isAlongColumns: isAlongColumns)
  }

  func kernelMismatch(
    _ operation: String, given: String, expected: String, isTurned: Bool
  ) -> ShapeMismatch {
    ShapeMismatch(
      operation: operation, given: given,
      expected: expected + ", one for each element that a window of "
        + "\(shapeText([size.height, size.width])) sees in an image of \(image)",
      hint: isTurned ? "Is the kernel used the wrong way round (transposed)?" : nil)
  }

  /// A cotangent with one row for each pixel of `output` in each sample.
  func requireCotangent<S: Scalar>(
    _ cotangent: Matrix<S>, of name: String, batch: Int, output: ImageShape
  ) throws -> Matrix<S> {
    guard cotangent.rows == batch, cotangent.columns == output.count else {
      throw ShapeMismatch(
        operation: "cotangent of \"\(name)\"", given: shapeText(cotangent.shape),
        expected: "\(shapeText([batch, output.count])), as the output has")
    }
    return try cotangent.reshaped(columns: output.channels)
  }
}

extension ImageShape {
  func requireRows<S: Scalar>(of input: Matrix<S>, _ operation: String) throws {
    guard input.columns == count else {
      throw ShapeMismatch(
        operation: operation, given: "an input of width \(input.columns)",
        expected: "\(count), an image of \(self) (height x width x channels)")
    }
  }
}

/// The error for a bias that has not one element for each channel.
func channelBiasMismatch(_ operation: String, length: Int, channels: Int) -> ShapeMismatch {
  ShapeMismatch(
    operation: operation, given: "a bias of length \(length)",
    expected: "\(channels), one for each output channel",
    hint:
      "A tied transposed convolution needs a bias of its own: the convolution's has one element "
      + "for each of its output channels, and those are inputs here.")
}
