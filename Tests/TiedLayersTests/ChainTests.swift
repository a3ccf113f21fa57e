import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Chain")
struct ChainTests {
  @Test("parameters are listed once, in order of first use")
  func parameters() throws {
    let chain: Chain<Double> = tiedPair(5, 3, RandomSource(seed: 1))
    #expect(names(chain.parameters) == ["W", "b", "c"])
    let model = try Golden.named("deep-tied-8-5-3").model()
    #expect(names(model.network.chain.parameters) == ["W", "b", "V", "c", "e", "f"])
  }

  @Test("inputs lists what every layer was given, forward what the last one made")
  func inputs() throws {
    let random = RandomSource(seed: 2)
    let chain: Chain<Double> = tiedPair(5, 3, random)
    let input: Matrix<Double> = randomMatrix(4, 5, random)
    let inputs = try chain.inputs(input)
    #expect(inputs.count == 2)
    #expect(inputs[0] == input)
    #expect(inputs[1] == (try chain.layers[0].forward(input)))
    #expect(try chain.forward(input) == chain.layers[1].forward(inputs[1]))
    #expect(try Chain<Double>([]).forward(input) == input)
  }

  @Test("a tied chain is the untied code with another binding: the twin has the same output")
  func untiedTwin() throws {
    let random = RandomSource(seed: 3)
    let chain: Chain<Double> = tiedPair(5, 3, random)
    let twin = chain.untied()
    try #require(names(twin.parameters) == ["W", "b", "W_decoder", "c"])
    let decoder = twin.layers[1].kernels[0]
    #expect(!decoder.isTransposed)
    #expect(decoder.parameter.values == chain.parameters[0].values.transposed)
    // Nothing of the twin is the chain's own.
    for parameter in twin.parameters {
      #expect(!chain.parameters.contains { $0 === parameter })
    }
    let input: Matrix<Double> = randomMatrix(4, 5, random)
    let output = try twin.forward(input)
    expectClose(
      output.elements, try chain.forward(input).elements, within: 1e-14, "the twin's output")

    // Untied indeed: the decoder moves alone, and no write to the twin reaches the chain.
    let encoder = twin.parameters[0].flat
    decoder[0, 0] += 1
    #expect(twin.parameters[0].flat == encoder)
    twin.parameters[1][0] += 1
    twin.parameters[3][0] += 1
    #expect(try twin.forward(input) != output)
    expectClose(
      output.elements, try chain.forward(input).elements, within: 1e-14, "the chain's output")
  }

  @Test("each use gets a Parameter and a name of its own, shared biases included")
  func untiedManyUses() throws {
    let model = try Golden.named("same-kernel-three-times-4x4").model()
    let twin = model.network.chain.untied()
    #expect(names(twin.parameters) == ["W", "W_layer2", "W_layer3", "c"])
    expectClose(
      try twin.forward(model.input).elements,
      try model.network.chain.forward(model.input).elements, within: 1e-13, "output")

    let seed = try Golden.named("seed-shared-bias-5x5").model().network.chain.untied()
    try #require(names(seed.parameters) == ["W", "b", "W_layer2", "b_layer2"])
    #expect(seed.parameters[3].shape == [5])
    // Nothing left to untie.
    #expect(names(seed.untied().parameters) == names(seed.parameters))
    #expect(seed.untied().parameters.map(\.flat) == seed.parameters.map(\.flat))
  }

  @Test("a name that is taken already is not given twice")
  func untiedNames() {
    let w = Kernel("W", Matrix<Double>(rows: 2, columns: 2))
    let taken = Kernel("W_c", Matrix<Double>(rows: 2, columns: 2))
    let chain = Chain<Double>([
      Dense("a", kernel: w), Dense("b", kernel: taken), Dense("c", kernel: w),
    ])
    let twin = names(chain.untied().parameters)
    #expect(twin == ["W", "W_c", "W_c'"])
  }

  /// dy/dx of one sample by differences, outputs x inputs.
  private func jacobian(_ chain: Chain<Double>, at x: [Double]) throws -> Matrix<Double> {
    let columns = try (0..<chain.forward(Matrix([x])).columns).map { i in
      try centralDifferences(x) { try chain.forward(Matrix([$0]))[0, i] }
    }
    return try Matrix(columns)
  }

  @Test(
    "the Jacobian of a tied autoencoder with linear output is symmetric, the untied one's is not")
  func symmetricJacobian() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      for activation in [ElementwiseFunction.tanh, .sigmoid, .softplus] {
        let chain: Chain<Double> = tiedPair(5, 3, activation: activation, random)
        let x = (0..<5).map { _ in random.uniform(-1, 1) }
        let tied = try jacobian(chain, at: x)
        expectClose(tied.transposed.elements, tied.elements, within: 1e-9, "seed \(seed)")

        let twin = chain.untied()
        twin.layers[1].kernels[0][0, 1] += 0.5
        let untied = try jacobian(twin, at: x)
        let asymmetry = zip(untied.transposed.elements, untied.elements).map { abs($0 - $1) }.max()!
        #expect(asymmetry > 1e-3, "seed \(seed)")
      }
    }
  }
}
