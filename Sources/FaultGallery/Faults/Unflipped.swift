import GSLKit
import GradientCheck
import TiedLayers

/// The transpose of a convolution, written as a convolution, with the kernel as it is.
package struct Unflipped: Fault {
  package let id = "unflipped"
  package let summary =
    "the transposed convolution is written as a convolution and reads the kernel unflipped"
  package let lesson =
    "The transpose of a convolution is a convolution over an image with zeros put between its "
    + "pixels, with the kernel turned by half a turn. Without the turn it is another layer: right in "
    + "shape, with a right gradient of its own, and not the transpose of anything. Ask whether "
    + "<A u, v> = <u, B v>; a gradient check is no check of the forward pass."
  package let source = "3d-convolutional-network#7"
  package let convictor = Convictor.structure
  package let diagnosis = "unflipped"
  package let explanation = FaultExplanation(
    tempting:
      "The shapes agree, the loss goes down, and a symmetric kernel (a blur, say) shows no "
      + "difference.",
    formula:
      "y(i) = sum_d z(i + p - d) K(d), z the input with zeros put in; wrong: z(i - k + 1 + p + d) K(d)",
    swift: """
      let decoder = TransposedConvolution(
        "decoder", kernel: encoder.kernel.transposed, window: encoder.window, bias: c)
      """,
    keras: """
      # wrong: zeros put in, then convolved with the kernel as it is
      y = keras.ops.conv(stuffed, keras.ops.transpose(W, (0, 1, 3, 2)), padding="same")
      # right: the transposed convolution itself; W is (k, k, out, in) in both
      y = keras.ops.conv_transpose(h, W, strides=2, padding="same")
      """,
    pytorch: """
      y = F.conv2d(stuffed, W.transpose(0, 1), padding=1)             # wrong: unflipped
      y = F.conv2d(stuffed, W.transpose(0, 1).flip(2, 3), padding=1)  # right
      y = F.conv_transpose2d(h, W, stride=2, padding=1, output_padding=1)   # right, and shorter
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (_, last) = try chain.tiedPair(for: id)
    guard let layer = chain.layers[last] as? TransposedConvolution<S>, layer.window.size.count > 1
    else {
      throw FaultNotApplicable(
        id, needs: "a transposed convolution with a window of more than one pixel",
        instead: "Choose --model convolution.")
    }
    var twin = chain
    twin.layers[last] = UnflippedLayer(layer: layer, window: layer.window)
    return twin
  }
}

/// A transposed convolution whose window is turned by half a turn, forward and backward alike.
private struct UnflippedLayer<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>
  let window: SlidingWindow

  /// A matrix of the kernel's shape (input channels x patch, as the layer sees it) with the pixels of
  /// each patch in reverse, their channels where they were. Its own inverse.
  private func turned(_ own: Matrix<S>, isTransposed: Bool) -> Matrix<S> {
    let (pixels, channels) = (window.size.count, window.image.channels)
    var turned = own
    for pixel in 0..<pixels {
      for c in 0..<channels {
        let (from, to) = (pixel * channels + c, (pixels - 1 - pixel) * channels + c)
        for f in 0..<(isTransposed ? own.columns : own.rows) {
          if isTransposed { turned[to, f] = own[from, f] } else { turned[f, to] = own[f, from] }
        }
      }
    }
    return turned
  }

  /// The right layer on a kernel that is turned.
  private var onTurnedKernel: any ActivatedLayer<S> {
    var twin = layer
    let kernel = layer.kernels[0]
    twin.kernels = [
      kernel.rebound(
        to: Parameter(
          kernel.parameter.name,
          turned(kernel.parameter.values, isTransposed: kernel.isTransposed)))
    ]
    return twin
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try onTurnedKernel.preactivation(input)
  }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let twin = onTurnedKernel
    let (kernel, turnedKernel) = (layer.kernels[0], twin.kernels[0])
    var found = Gradients<S>()
    let inputCotangent = try twin.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &found)
    if let own = found[turnedKernel.parameter] {
      try gradients.add(turned(own, isTransposed: kernel.isTransposed), to: kernel.parameter)
    }
    for bias in layer.biases {
      if let own = found[bias] { try gradients.add(own, to: bias) }
    }
    return inputCotangent
  }
}
