import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("ProductForm")
struct ProductFormTests {
  /// Sums the terms that a form lists, and the bias.
  private func total(
    _ form: any ProductForm, _ layer: any ActivatedLayer<Double>, _ input: Matrix<Double>
  ) -> Matrix<Double> {
    var output = Matrix<Double>(rows: input.rows, columns: form.outputs)
    form.forEachTerm { o, i, row, column in
      for s in 0..<input.rows { output[s, o] += input[s, i] * layer.kernels[0][row, column] }
    }
    for s in 0..<input.rows {
      for o in 0..<form.outputs { output[s, o] += layer.biases[0].flat[form.biasElement(of: o)] }
    }
    return output
  }

  @Test("what a layer states term by term is what it computes", arguments: 1...40)
  func statesWhatItComputes(seed: UInt64) throws {
    let (plain, random) = PlainConvolution.random(seed: seed)
    let convolution = try randomConvolution(plain, random, turned: seed % 3 == 0)
    let layers: [any ActivatedLayer<Double>] = [
      Dense(
        "d", kernel: Kernel("W", randomMatrix(5, 4, random)), bias: randomBias("b", 4, random)),
      convolution,
      TransposedConvolution(
        "t", kernel: convolution.kernel.transposed, bias: randomBias("c", plain.channels, random),
        window: convolution.window),
    ]
    for layer in layers {
      let form = try #require(layer.productForm)
      let input: Matrix<Double> = randomMatrix(2, form.inputs, random)
      expectClose(
        total(form, layer, input).elements, try layer.preactivation(input).elements,
        within: 1e-14, layer.kind)
    }
  }

  @Test("a misreading of a window is its own inverse, and there is none of a single pixel")
  func misreadings() throws {
    let window = try SlidingWindow(
      over: ImageShape(height: 4, width: 4, channels: 2), size: Extent(height: 2, width: 3))
    let kernel = Kernel("K", Matrix<Double>(rows: 12, columns: 5))
    for form in [
      Convolution("c", kernel: kernel, window: window).productForm,
      TransposedConvolution("t", kernel: kernel.transposed, window: window).productForm,
    ] {
      let misreading = try #require(form?.misreadings.first)
      #expect(misreading.id == "unflipped")
      var moved = 0
      form?.forEachTerm { _, _, row, column in
        let once = misreading.element(row, column)
        let twice = misreading.element(once.row, once.column)
        #expect(twice == (row, column))
        if once != (row, column) { moved += 1 }
      }
      #expect(moved > 0)
    }
    let pixel = try SlidingWindow(over: ImageShape(height: 4, width: 4), size: Extent(1))
    let point = Convolution(
      "c", kernel: Kernel("K", Matrix<Double>(rows: 1, columns: 1)), window: pixel)
    #expect(point.productForm?.misreadings.isEmpty == true)
    #expect(Dense("d", kernel: kernel).productForm?.misreadings.isEmpty == true)
  }
}
