import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Convolution")
struct ConvolutionTests {
  @Test("by hand: a window of 2 x 2 over an image of 3 x 3, and of 2 over a signal")
  func byHand() throws {
    let image = try Matrix([[1.0, 2, 3, 4, 5, 6, 7, 8, 9]])
    let plane = Convolution(
      "c", kernel: Kernel("K", try Matrix([[1.0], [10], [100], [1000]])),
      bias: Parameter("b", [0.5]),
      window: try SlidingWindow(over: ImageShape(height: 3, width: 3), size: Extent(2)))
    // Not flipped: the upper left weight meets the upper left pixel.
    #expect(try plane.forward(image).nested == [[5421.5, 6532.5, 8754.5, 9865.5]])

    // Two channels in, two out, one position every second pixel, one zero on each side.
    let signal = Convolution(
      "s", kernel: Kernel("K", try Matrix([[1.0, 0], [0, 1], [10, 0], [0, 10]])),
      window: try SlidingWindow(
        over: ImageShape(length: 3, channels: 2), size: Extent(height: 1, width: 2),
        stride: Extent(height: 1, width: 2), padding: Extent(height: 0, width: 1)),
      activation: .relu)
    #expect(
      try signal.forward(Matrix([[1, -1, 2, -2, 3, 4]])).nested == [[10, 0, 32, 38]])
  }

  @Test("equals plain loops over indices: strides, paddings, channels, either orientation")
  func plainLoops() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      let layer = try randomConvolution(plain, random, turned: seed % 3 == 0)
      let input: Matrix<Double> = randomMatrix(3, plain.imageCount, random)
      let output = try layer.forward(input)
      #expect(output.columns == layer.output.count)
      for i in 0..<3 {
        expectClose(
          output.row(i).elements,
          plain.forward(
            input.row(i).elements, kernel: values(layer.kernel),
            bias: layer.bias!.values.elements), within: 1e-14, "seed \(seed)")
      }
    }
  }

  @Test("backward is the complex step's derivative: of input, kernel and bias")
  func backward() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      let layer = try randomConvolution(
        plain, random, turned: seed % 3 == 0, activation: .tanh)
      try expectLayer(
        layer, computes: TanhConvolution(plain: plain),
        at: randomMatrix(2, plain.imageCount, random), within: 1e-13)
    }
  }

  @Test("in Float it is what it is in Double, rounded")
  func single() throws {
    let (plain, random) = PlainConvolution.random(seed: 5)
    let layer = try randomConvolution(plain, random, turned: false)
    let float = Convolution<Float>(
      "c", kernel: Kernel("K", layer.kernel.parameter.values.converted()),
      bias: Parameter("b", layer.bias!.values.elements.map { Float($0) }), window: layer.window)
    let input: Matrix<Double> = randomMatrix(4, plain.imageCount, random)
    expectClose(
      try float.forward(input.converted()).elements.map { Double($0) },
      try layer.forward(input).elements, within: 1e-5, "Float")
  }

  @Test("an empty batch stays one")
  func emptyBatch() throws {
    let (plain, random) = PlainConvolution.random(seed: 7)
    let layer = try randomConvolution(plain, random, turned: false)
    let output = try layer.forward(Matrix(rows: 0, columns: plain.imageCount))
    #expect(output.shape == [0, plain.outputCount])
  }

  @Test("the kind says window, stride, padding and activation")
  func kind() throws {
    let kernel = Kernel("K", Matrix<Double>(rows: 9, columns: 1))
    let image = ImageShape(height: 5, width: 5)
    #expect(
      Convolution("c", kernel: kernel, window: try SlidingWindow(over: image, size: Extent(3))).kind
        == "Convolution 3 x 3")
    #expect(
      Convolution(
        "c", kernel: kernel,
        window: try SlidingWindow(
          over: ImageShape(length: 9), size: Extent(height: 1, width: 9),
          stride: Extent(height: 1, width: 2)), activation: .tanh
      ).kind == "Convolution 9, stride 2 (tanh)")
    // A padding in one direction alone, and that of a signal.
    #expect(
      Convolution(
        "c", kernel: kernel,
        window: try SlidingWindow(
          over: image, size: Extent(3), padding: Extent(height: 0, width: 1))
      ).kind == "Convolution 3 x 3, padding 0 x 1")
    #expect(
      Convolution(
        "c", kernel: kernel,
        window: try SlidingWindow(
          over: ImageShape(length: 9), size: Extent(height: 1, width: 9),
          padding: Extent(height: 0, width: 2))
      ).kind == "Convolution 9, padding 2")
  }

  @Test("rebinding keeps the window; a missing bias stays missing")
  func rebinding() throws {
    var layer = Convolution(
      "c", kernel: Kernel("K", Matrix<Double>(rows: 4, columns: 2)),
      window: try SlidingWindow(over: ImageShape(height: 3, width: 3), size: Extent(2)))
    #expect(layer.biases.isEmpty)
    let other = Kernel("V", Matrix<Double>(rows: 2, columns: 4, repeating: 1)).transposed
    layer.kernels = [other]
    layer.biases = [Parameter("b", [1, 2])]
    #expect(names(layer.parameters) == ["V", "b"])
    #expect(
      try layer.forward(Matrix(rows: 1, columns: 9, repeating: 1)).elements
        == [5, 6, 5, 6, 5, 6, 5, 6])
  }

  @Test("what does not fit is an error that says what would")
  func misfits() throws {
    let window = try SlidingWindow(over: ImageShape(height: 3, width: 3), size: Extent(2))
    func layer(_ kernel: Kernel<Double>, bias: [Double]? = nil) -> Convolution<Double> {
      Convolution("c", kernel: kernel, bias: bias.map { Parameter("b", $0) }, window: window)
    }
    let right = Kernel("K", Matrix<Double>(rows: 4, columns: 2))
    let image = Matrix<Double>(rows: 1, columns: 9)
    let turned = #expect(throws: ShapeMismatch.self) {
      try layer(right.transposed).forward(image)
    }
    #expect(
      turned?.description == "convolution \"c\": got a kernel of 2 x 4, expected 4 rows, one for "
        + "each element that a window of 2 x 2 sees in an image of 3 x 3 x 1. Is the kernel used "
        + "the wrong way round (transposed)?")
    let narrow = #expect(throws: ShapeMismatch.self) {
      try layer(right).forward(Matrix(rows: 1, columns: 8))
    }
    #expect(
      narrow?.description == "convolution \"c\": got an input of width 8, expected 9, an image of "
        + "3 x 3 x 1 (height x width x channels).")
    let biased = #expect(throws: ShapeMismatch.self) {
      try layer(right, bias: [1, 2, 3]).forward(image)
    }
    #expect(biased?.expected == "2, one for each output channel")
    #expect(biased?.hint?.contains("needs a bias of its own") == true)
    var gradients = Gradients<Double>()
    let cotangent = #expect(throws: ShapeMismatch.self) {
      try layer(right).backward(
        preactivationCotangent: Matrix(rows: 1, columns: 9), at: image, into: &gradients)
    }
    #expect(
      cotangent?.description == "cotangent of \"c\": got 1 x 9, expected 1 x 8, as the output "
        + "has.")
  }
}

/// A convolution with random values that `plain` computes too.
/// - Parameter turned: its kernel is the transpose of a Parameter.
func randomConvolution(
  _ plain: PlainConvolution, _ random: RandomSource, turned: Bool,
  activation: ElementwiseFunction = .identity
) throws -> Convolution<Double> {
  let rows = plain.kh * plain.kw * plain.channels
  let kernel =
    turned
    ? Kernel<Double>("K", randomMatrix(plain.filters, rows, random)).transposed
    : Kernel<Double>("K", randomMatrix(rows, plain.filters, random))
  return Convolution(
    "c", kernel: kernel, bias: randomBias("b", plain.filters, random), window: try plain.window,
    activation: activation)
}

/// A kernel's elements row by row, as its use sees them.
func values(_ kernel: Kernel<Double>) -> [Double] {
  (kernel.isTransposed ? kernel.parameter.values.transposed : kernel.parameter.values).elements
}

/// tanh of a convolution.
private struct TanhConvolution: PlainLayer {
  let plain: PlainConvolution

  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    plain.forward(input, kernel: kernels[0].flatMap { $0 }, bias: biases[0]).map(\.tanh)
  }
}
