import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

@Suite("Shared")
struct SharedTests {
  private func model() throws -> any Model { try #require(Models.named("shared")) }

  private func choices(_ features: Int, _ hidden: Int, uses: Int, run: Int = 1) -> ModelChoices {
    ModelChoices(
      features: features, hidden: [hidden], batch: 3, outputActivation: .identity,
      settings: ["uses": Double(uses), "run": Double(run)])
  }

  @Test("the kernel is turned round again and again, or after a run of layers")
  func orientations() throws {
    for (choices, expected) in [
      (choices(4, 3, uses: 4), "NTNT"), (choices(3, 3, uses: 5, run: 2), "NNTTN"),
      (choices(3, 3, uses: 3, run: 3), "NNN"), (choices(3, 3, uses: 7, run: 3), "NNNTTTN"),
    ] {
      let chain: Chain<Double> = try model().chain(choices, random: RandomSource(seed: 1))
      #expect(
        chain.layers.map { $0.kernels[0].isTransposed ? "T" : "N" }.joined() == expected)
      #expect(chain.parameters.count { $0.shape.count == 2 } == 1)
      #expect(chain.layers.last?.kind == "Dense")
    }
  }

  /// The loss by loops over indices, each layer with a kernel of its own.
  private func loss<N: PlainNumber>(
    _ kernels: [[[N]]], _ transposed: [Bool], _ biases: [[Double]], _ input: [[Double]],
    _ target: [[Double]]
  ) -> N {
    var total = N(real: 0)
    for (row, goal) in zip(input, target) {
      var x = row.map { N(real: $0) }
      for (l, kernel) in kernels.enumerated() {
        x = biases[l].indices.map { j in
          var sum = N(real: biases[l][j])
          for i in x.indices { sum += x[i] * (transposed[l] ? kernel[j][i] : kernel[i][j]) }
          return l == kernels.count - 1 ? sum : sum.tanh
        }
      }
      for (y, t) in zip(x, goal) { total += (y - N(real: t)) * (y - N(real: t)) }
    }
    return total * N(real: 1 / Double(target.count * target[0].count))
  }

  @Test(
    "loss, gradient and every path equal plain loops and their complex step",
    arguments: [(4, 3, 4, 1), (3, 3, 5, 2), (2, 2, 9, 4), (3, 3, 2, 2)])
  func plain(features: Int, hidden: Int, uses: Int, run: Int) throws {
    let random = RandomSource(seed: UInt64(uses))
    let network: Network<Double> = try model().network(
      choices(features, hidden, uses: uses, run: run), random: random)
    let input: Matrix<Double> = randomMatrix(3, features, random)
    let width = network.chain.layers.last!.kernels[0].columns
    let target: Matrix<Double> = randomMatrix(3, width, random)
    let layers = network.chain.layers
    let kernel = layers[0].kernels[0].parameter
    let transposed = layers.map { $0.kernels[0].isTransposed }
    let biases = layers.map { $0.biases[0].flat }
    func loss<N: PlainNumber>(_ kernels: [[[N]]]) -> N {
      self.loss(kernels, transposed, biases, input.nested, target.nested)
    }
    func rows<N>(_ flat: [N]) -> [[N]] {
      (0..<features).map { Array(flat[($0 * hidden)..<(($0 + 1) * hidden)]) }
    }
    let value = loss(layers.map { _ in rows(kernel.flat) })
    expectClose(
      [try network.value(input, target: target)], [value], within: 1e-14, "loss")
    let whole = complexStep(kernel.flat) { moved in loss(layers.map { _ in rows(moved) }) }
    expectClose(
      try #require(network.gradients(input, target: target)[kernel]).elements, whole, within: 1e-12,
      "gradient")
    let still = rows(kernel.flat.map { Complex(real: $0) })
    for (l, claimed) in try network.gradientsByLayer(input, target: target).enumerated() {
      let path = complexStep(kernel.flat) { moved in
        loss(layers.indices.map { $0 == l ? rows(moved) : still })
      }
      expectClose(try #require(claimed[kernel]).elements, path, within: 1e-12, "layer \(l)")
    }
  }

  @Test("what cannot be built is refused in a sentence")
  func refused() throws {
    for (choices, words) in [
      (choices(4, 3, uses: 3), "Choose an even number"),
      (choices(4, 3, uses: 4, run: 2), "used twice in a row it must be turned round"),
    ] {
      let error = #expect(throws: ModelChoiceError.self) {
        try model().check(choices, data: "random data")
      }
      #expect(error?.description.contains(words) == true)
    }
    var two = choices(4, 4, uses: 3)
    two.hidden = [4, 3]
    let error = #expect(throws: ModelChoiceError.self) { try model().check(two, data: "data") }
    #expect(error?.description.contains("choose the depth by uses=n") == true)
  }
}
