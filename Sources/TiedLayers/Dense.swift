import GSLKit

/// output = activation(input K + b): a dense layer on a Kernel, with an optional bias.
public struct Dense<S: Scalar>: ActivatedLayer, SavedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// inputs x outputs as this layer sees it.
  public var kernel: Kernel<S>
  /// One element for each output; nil for none.
  public var bias: Parameter<S>?
  /// The function that is applied to each element of the output.
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - kernel: inputs x outputs as this layer sees it; `other.kernel.transposed` ties.
  ///   - bias: one element for each output. Checked when the layer runs.
  ///   - activation: applied to each element of the output.
  public init(
    _ name: String, kernel: Kernel<S>, bias: Parameter<S>? = nil,
    activation: ElementwiseFunction = .identity
  ) {
    self.name = name
    self.kernel = kernel
    self.bias = bias
    self.activation = activation
  }

  /// What the summary calls this layer.
  public var kind: String { activation == .identity ? "Dense" : "Dense (\(activation))" }

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
    DenseForm(inputs: kernel.rows, outputs: kernel.columns)
  }

  package func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    guard input.columns == kernel.rows else {
      throw ShapeMismatch(
        operation: "dense layer \"\(name)\"", given: "an input of width \(input.columns)",
        expected: "\(kernel.rows)",
        hint: input.columns == kernel.columns
          ? "Is the kernel used the wrong way round (transposed)?" : nil)
    }
    if let bias, bias.count != kernel.columns {
      throw Self.biasMismatch(layer: name, length: bias.count, outputs: kernel.columns)
    }
    var output = try kernel.multiply(input)
    if let bias { try output.addToEachRow(bias.values) }
    return output
  }

  package func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try gradients.addProduct(input: input, cotangent: preactivationCotangent, to: kernel)
    if let bias { try gradients.addColumnSums(of: preactivationCotangent, to: bias) }
    return try kernel.multiplyAdjoint(preactivationCotangent)
  }

  // MARK: In a model file

  package static var fileType: String { "dense" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.kernel(kernel)
    entry.bias(bias)
    entry.choice(activation, as: "activation")
  }

  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    let (kernel, bias) = (try entry.kernel(), try entry.bias())
    if let width = entry.inputWidth, kernel.rows != width {
      let how = kernel.isTransposed ? " transposed" : ""
      let turned = kernel.columns == width ? " Is \"transposed\" the wrong way round?" : ""
      throw entry.error(
        "takes \(kernel.rows) inputs (kernel \"\(kernel.parameter.name)\"\(how) is \(kernel.rows) x "
          + "\(kernel.columns)), but is given \(width).\(turned)")
    }
    return Dense<T>(
      entry.name, kernel: kernel, bias: bias,
      activation: try entry.choice("activation", default: .identity))
  }

  /// The error for a bias that does not fit, with the reason the well-known answer fails there.
  static func biasMismatch(layer: String, length: Int, outputs: Int) -> ShapeMismatch {
    ShapeMismatch(
      operation: "dense layer \"\(layer)\"", given: "a bias of length \(length)",
      expected: "\(outputs), one for each output",
      hint: "A tied decoder needs a bias of its own: the encoder's has one element for each hidden "
        + "unit, and fits the decoder's outputs only where the kernel is square. The well-known "
        + "answer to the question of tied layers adds the encoder's bias in both, which is why it "
        + "fails as soon as it is not 5 -> 5.")
  }
}
