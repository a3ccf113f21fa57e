import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("TransposedConvolution")
struct TransposedConvolutionTests {
  @Test("by hand: each pixel is spread by the kernel, overlaps add, the rest is bias")
  func byHand() throws {
    let kernel = Kernel("K", try Matrix([[1.0, 10, 100, 1000]]))
    let layer = TransposedConvolution(
      "t", kernel: kernel, bias: Parameter("c", [0.5]),
      window: try SlidingWindow(
        positions: Extent(2), channels: 1, size: Extent(2), outputPadding: Extent(0)))
    #expect(layer.output == ImageShape(height: 3, width: 3))
    #expect(
      try layer.forward(Matrix([[1, 2, 3, 4]])).nested
        == [[1.5, 12.5, 20.5, 103.5, 1234.5, 2040.5, 300.5, 3400.5, 4000.5]])

    // An output padding of one: a last pixel that no window reaches.
    let signal = TransposedConvolution(
      "t", kernel: Kernel("K", try Matrix([[1.0, 10]])), bias: Parameter("c", [0.5]),
      window: try SlidingWindow(
        positions: Extent(height: 1, width: 2), channels: 1, size: Extent(height: 1, width: 2),
        stride: Extent(height: 1, width: 2), outputPadding: Extent(height: 0, width: 1)))
    #expect(try signal.forward(Matrix([[1, 2]])).nested == [[1.5, 10.5, 2.5, 20.5, 0.5]])
  }

  @Test("equals plain loops, written as a convolution over zeros with the kernel flipped")
  func plainLoops() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      let convolution = try randomConvolution(plain, random, turned: seed % 3 == 0)
      let layer = TransposedConvolution(
        "t", kernel: convolution.kernel.transposed, bias: randomBias("c", plain.channels, random),
        window: convolution.window)
      let input: Matrix<Double> = randomMatrix(3, plain.outputCount, random)
      let output = try layer.forward(input)
      for i in 0..<3 {
        expectClose(
          output.row(i).elements,
          plain.transposed(
            input.row(i).elements, kernel: values(convolution.kernel),
            bias: layer.bias!.values.elements), within: 1e-14, "seed \(seed)")
      }
    }
  }

  @Test("<A u, v> = <u, Aᵀ v> to 1e-13, and not with the kernel flipped")
  func adjoint() throws {
    var told = 0
    for seed in 1...300 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      var convolution = try randomConvolution(plain, random, turned: seed % 3 == 0)
      convolution.bias = nil
      let transposed = TransposedConvolution(
        "t", kernel: convolution.kernel.transposed, window: convolution.window)
      let u: Matrix<Double> = randomMatrix(1, plain.imageCount, random)
      let v: Matrix<Double> = randomMatrix(1, plain.outputCount, random)
      let (au, atv) = (try convolution.forward(u), try transposed.forward(v))
      // Relative to the size of what is added up.
      let scale =
        euclideanNorm(au.elements) * euclideanNorm(v.elements)
        + euclideanNorm(u.elements) * euclideanNorm(atv.elements)
      let difference =
        innerProduct(au.elements, v.elements) - innerProduct(u.elements, atv.elements)
      #expect(abs(difference) <= 1e-13 * scale, "seed \(seed): \(difference), scale \(scale)")

      // The wrong twin of this test: it fails whenever there is something to flip.
      guard plain.kh * plain.kw > 1 else { continue }
      let flipped = flippedValues(values(convolution.kernel), plain)
      let unflipped = TransposedConvolution(
        "t",
        kernel: Kernel(
          "F", try Matrix(rows: convolution.kernel.rows, columns: plain.filters, elements: flipped)
        ).transposed, window: convolution.window)
      let wrong = innerProduct(u.elements, try unflipped.forward(v).elements)
      if abs(innerProduct(au.elements, v.elements) - wrong) > 1e-3 * scale { told += 1 }
    }
    #expect(told > 200)
  }

  /// Inputs and kernel are dyadic fractions, so that every sum is exact. Printed by PyTorch 2.15:
  ///
  ///     x = torch.tensor([((7*i+3)%11-5)/4 for i in range(40)]).reshape(1,4,5,2).permute(0,3,1,2)
  ///     w = torch.tensor([((5*i+2)%13-6)/8 for i in range(36)]).reshape(3,2,2,3).permute(3,2,0,1)
  ///     y = F.conv2d(x, w, stride=(2,3), padding=(1,0))
  ///     z = F.conv_transpose2d(y, w, stride=(2,3), padding=(1,0), output_padding=(1,0))
  ///     y.permute(0,2,3,1).flatten().tolist(), z.permute(0,2,3,1).flatten().tolist()
  @Test("a convolution and its transpose give PyTorch's numbers, bit for bit")
  func pytorch() throws {
    let window = try SlidingWindow(
      over: ImageShape(height: 4, width: 5, channels: 2), size: Extent(height: 3, width: 2),
      stride: Extent(height: 2, width: 3), padding: Extent(height: 1, width: 0))
    #expect(window.outputPadding == Extent(height: 1, width: 0))
    var x = Matrix<Double>(rows: 1, columns: 40)
    for i in 0..<40 {
      let residue = (7 * i + 3) % 11
      x.elements[i] = Double(residue - 5) / 4
    }
    var weights = Matrix<Double>(rows: 12, columns: 3)
    for i in 0..<36 {
      let residue = (5 * i + 2) % 13
      weights.elements[i] = Double(residue - 6) / 8
    }
    let kernel = Kernel("K", weights)
    let y = try Convolution("c", kernel: kernel, window: window).forward(x)
    #expect(
      y.elements == [
        1.3125, -1.25, 1.0625, 0.6875, -1.125, 1.125, -0.71875, 0.09375, -0.71875, 0.625, 0.71875,
        -0.8125,
      ])
    let z = try TransposedConvolution("t", kernel: kernel.transposed, window: window).forward(y)
    #expect(
      z.elements == [
        1.4140625, 1.6953125, -0.15625, -1.6015625, 0, 0, 1.046875, 1.21875, 0.2734375, -1.3828125,
        -1.48828125, -0.375, 1.6015625, 1.39453125, 0, 0, -2.04296875, -0.41796875, 1.71484375,
        0.8515625, -0.49609375, -0.83203125, 0, 0.83203125, 0, 0, -0.1484375, -0.015625, -0.8984375,
        0.5546875, 0.49609375, 0.16015625, -0.328125, -0.6640625, 0, 0, 0.6875, 0.8203125,
        -0.21484375, -0.08203125,
      ])
  }

  @Test("backward is the complex step's derivative: of input, kernel and bias")
  func backward() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      let convolution = try randomConvolution(plain, random, turned: seed % 3 == 0)
      let layer = TransposedConvolution(
        "t", kernel: convolution.kernel.transposed, bias: randomBias("c", plain.channels, random),
        window: convolution.window, activation: .tanh)
      try expectLayer(
        layer, computes: TanhTransposed(plain: plain),
        at: randomMatrix(2, plain.outputCount, random), within: 1e-13)
    }
  }

  @Test("a tied convolutional autoencoder has the loss and the gradient of plain loops")
  func tiedAutoencoder() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let (plain, random) = PlainConvolution.random(seed: seed)
      let encoder = try randomConvolution(
        plain, random, turned: seed % 3 == 0, activation: .tanh)
      let decoder = TransposedConvolution(
        "t", kernel: encoder.kernel.transposed, bias: randomBias("c", plain.channels, random),
        window: encoder.window, activation: .tanh)
      let network = Network(Chain<Double>([encoder, decoder]), loss: .meanSquaredError)
      let input: Matrix<Double> = randomMatrix(3, plain.imageCount, random)
      let target: Matrix<Double> = randomMatrix(3, plain.imageCount, random)

      func loss(_ kernel: [Complex]) -> Complex {
        var sum = Complex(real: 0)
        for i in 0..<3 {
          let code = plain.forward(
            input.row(i).elements.map { Complex(real: $0) }, kernel: kernel,
            bias: encoder.bias!.flat.map { Complex(real: $0) }
          ).map(\.tanh)
          let output = plain.transposed(
            code, kernel: kernel, bias: decoder.bias!.flat.map { Complex(real: $0) }
          ).map(\.tanh)
          for j in output.indices {
            let difference = output[j] - Complex(real: target[i, j])
            sum = sum + difference * difference
          }
        }
        return sum * Complex(real: 1 / Double(3 * plain.imageCount))
      }
      let kernel = values(encoder.kernel)
      #expect(
        abs(
          try network.value(input, target: target) - loss(kernel.map { Complex(real: $0) }).re)
          <= 1e-14, "seed \(seed)")
      let gradient = try #require(
        network.gradients(input, target: target)[encoder.kernel.parameter])
      expectClose(
        (encoder.kernel.isTransposed ? gradient.transposed : gradient).elements,
        complexStep(kernel, loss), within: 1e-12, "seed \(seed)")
    }
  }

  @Test("what does not fit is an error that says what would")
  func misfits() throws {
    let window = try SlidingWindow(over: ImageShape(height: 3, width: 3), size: Extent(2))
    let kernel = Kernel("K", Matrix<Double>(rows: 4, columns: 2))
    let turned = #expect(throws: ShapeMismatch.self) {
      try TransposedConvolution("t", kernel: kernel, window: window)
        .forward(Matrix(rows: 1, columns: 8))
    }
    #expect(turned?.expected.hasPrefix("4 columns") == true)
    #expect(turned?.hint?.contains("transposed") == true)
    let layer = TransposedConvolution("t", kernel: kernel.transposed, window: window)
    let narrow = #expect(throws: ShapeMismatch.self) {
      try layer.forward(Matrix(rows: 1, columns: 9))
    }
    #expect(
      narrow?.description
        == "transposed convolution \"t\": got an input of width 9, expected 8, an "
        + "image of 2 x 2 x 2 (height x width x channels).")
    var biased = layer
    biased.bias = Parameter("b", [1.0, 2])
    let error = #expect(throws: ShapeMismatch.self) {
      try biased.forward(Matrix(rows: 1, columns: 8))
    }
    #expect(error?.given == "a bias of length 2")
    #expect(error?.expected == "1, one for each output channel")
    var gradients = Gradients<Double>()
    let cotangent = #expect(throws: ShapeMismatch.self) {
      try layer.backward(
        preactivationCotangent: Matrix(rows: 2, columns: 9), at: Matrix(rows: 1, columns: 8),
        into: &gradients)
    }
    #expect(cotangent?.expected == "1 x 9, as the output has")
    #expect(layer.kind == "Transposed convolution 2 x 2")
    #expect(names(biased.parameters) == ["K", "b"])
  }
}

/// A kernel whose window is turned by half a turn, channels where they were.
private func flippedValues(_ kernel: [Double], _ plain: PlainConvolution) -> [Double] {
  let taps = plain.kh * plain.kw
  let block = plain.channels * plain.filters
  return (0..<taps).flatMap { tap -> [Double] in
    let from = (taps - 1 - tap) * block
    return Array(kernel[from..<(from + block)])
  }
}

/// tanh of a transposed convolution; its kernel is the transpose of the convolution's.
private struct TanhTransposed: PlainLayer {
  let plain: PlainConvolution

  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    let turned = kernels[0][0].indices.flatMap { element in kernels[0].map { $0[element] } }
    return plain.transposed(input, kernel: turned, bias: biases[0]).map(\.tanh)
  }
}
