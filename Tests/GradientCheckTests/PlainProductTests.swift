import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct PlainProductTests {
  private func layers(_ seed: UInt64) throws -> [any ActivatedLayer<Double>] {
    let random = RandomSource(seed: seed)
    let window = try SlidingWindow(
      over: ImageShape(height: 4, width: 5, channels: 2), size: Extent(height: 2, width: 3),
      stride: Extent(2), padding: Extent(1))
    let kernel = Kernel<Double>("K", random.matrix(rows: 12, columns: 3, -1, 1))
    func bias(_ count: Int) -> Parameter<Double> {
      Parameter("b", (0..<count).map { _ in random.uniform(-1, 1) })
    }
    return [
      Dense("dense", kernel: kernel, bias: bias(3)),
      Convolution("there", kernel: kernel, bias: bias(3), window: window),
      TransposedConvolution("back", kernel: kernel.transposed, bias: bias(2), window: window),
    ]
  }

  private func input(_ plain: PlainProduct, _ seed: UInt64) -> Matrix<Double> {
    RandomSource(seed: seed).matrix(rows: 3, columns: plain.form.inputs, -1, 1)
  }

  @Test func aRightLayerComputesWhatItStates() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      for layer in try layers(seed) {
        let plain = try #require(PlainProduct(layer))
        let x = input(plain, seed)
        let found = plain.difference(from: try layer.preactivation(x), at: x)
        #expect(found == nil, "\(layer.name): \(String(describing: found))")
      }
    }
  }

  @Test func whatIsWrongWithThePreactivationIsNamed() throws {
    for layer in try layers(7) {
      let plain = try #require(PlainProduct(layer))
      let x = input(plain, 8)
      let right = try layer.preactivation(x)
      var unbiased = layer
      unbiased.biases = [Parameter("none", layer.biases[0].flat.map { _ in 0 })]
      let product = try unbiased.preactivation(x)
      func id(_ wrong: Matrix<Double>) -> String? { plain.difference(from: wrong, at: x)?.id }

      #expect(id(product) == "bias-missing")
      var twice = right
      try twice.add(right)
      try twice.add(product, scaledBy: -1)
      #expect(id(twice) == "bias-twice")
      var scaled = right
      try scaled.add(product, scaledBy: -0.3)
      #expect(id(scaled) == "scaled-forward")

      var one = right
      one[1, 2] += 1e-9
      let unknown = try #require(plain.difference(from: one, at: x))
      #expect(unknown.id == nil)
      #expect(
        unknown.sentence.hasPrefix(
          "does not compute \(plain.form.formula): its output for sample 1, unit 2 differs by 1e-09"
        ))
      let shape = plain.difference(from: Matrix(rows: 3, columns: 1), at: x)
      #expect(shape?.sentence == "has an output of another shape")
    }
  }

  @Test func aWindowReadInReverseIsNamed() throws {
    for layer in try layers(9).dropFirst() {
      let plain = try #require(PlainProduct(layer))
      let x = input(plain, 10)
      let misreading = try #require(plain.form.misreadings.first)
      var wrong = try layer.preactivation(x)
      let (right, misread) = (plain.sums(at: x), plain.sums(at: x, misread: misreading))
      for k in wrong.elements.indices { wrong.elements[k] += misread.values[k] - right.values[k] }
      #expect(plain.difference(from: wrong, at: x)?.id == "unflipped", "\(layer.name)")
    }
  }
}
