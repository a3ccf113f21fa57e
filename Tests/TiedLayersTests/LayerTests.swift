import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

/// input K Kᵀ: one layer that uses one kernel twice, with nothing but what the protocol asks for.
private struct ThereAndBack: Layer {
  typealias S = Double
  let name: String
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>] = []

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try kernels[1].multiply(kernels[0].multiply(input))
  }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    let middle = try kernels[0].multiply(input)
    try gradients.addProduct(input: middle, cotangent: cotangent, to: kernels[1])
    let inner = try kernels[1].multiplyAdjoint(cotangent)
    try gradients.addProduct(input: input, cotangent: inner, to: kernels[0])
    return try kernels[0].multiplyAdjoint(inner)
  }
}

@Suite("Layer")
struct LayerTests {
  @Test("parameters are listed once each, kernels first, in order of first appearance")
  func parameters() {
    let w = Kernel("W", Matrix<Double>(rows: 2, columns: 2))
    let v = Kernel("V", Matrix<Double>(rows: 2, columns: 2))
    let b = Parameter("b", [0.0, 0])
    let layer = ThereAndBack(
      name: "layer", kernels: [w, w.transposed, v, w], biases: [b, w.parameter, b])
    #expect(names(layer.parameters) == ["W", "V", "b"])
    // By identity: an equal one is another one.
    #expect(uniqued([b, b.copy(named: "b"), b]).count == 2)
  }

  @Test("the kind of a layer is its type's name unless it says otherwise")
  func kind() {
    #expect(ThereAndBack(name: "layer", kernels: []).kind == "ThereAndBack")
    #expect(Dense("d", kernel: Kernel("W", Matrix<Double>(rows: 1, columns: 1))).kind == "Dense")
  }

  @Test("a layer that uses one kernel twice has the gradient of both uses")
  func twiceInside() throws {
    let random = RandomSource(seed: 9)
    let kernel = Kernel<Double>("W", randomMatrix(4, 3, random))
    let layer = ThereAndBack(name: "layer", kernels: [kernel, kernel.transposed])
    let network = Network(Chain<Double>([layer]), loss: .meanSquaredError)
    let input: Matrix<Double> = randomMatrix(5, 4, random)
    let target: Matrix<Double> = randomMatrix(5, 4, random)
    let gradient = try #require(
      network.gradients(input, target: target)[kernel.parameter])
    expectClose(
      gradient.elements,
      try numericGradient(of: network, by: kernel.parameter, input, target: target), within: 1e-9,
      "kernel used twice inside a layer")
  }

  @Test("backward is a function of its point: no order of calls changes it")
  func noCaches() throws {
    let random = RandomSource(seed: 10)
    let chain: Chain<Double> = tiedPair(5, 3, random)
    let inputs: [Matrix<Double>] = (0..<3).map { _ in randomMatrix(4, 5, random) }
    let cotangent: Matrix<Double> = randomMatrix(4, 3, random)
    let encoder = chain.layers[0]
    func run(_ input: Matrix<Double>) throws -> [Double] {
      var gradients = Gradients<Double>()
      let back = try encoder.backward(cotangent, at: input, into: &gradients)
      return back.elements + gradients.flat(for: encoder.parameters).flatMap { $0 ?? [] }
    }
    let first = try inputs.map(run)
    _ = try encoder.forward(inputs[2])
    let again = try inputs.reversed().map(run)
    #expect(first == again.reversed())
  }

  @Test("an activated layer is its preactivation, then its activation", arguments: [1, 2, 3])
  func activated(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    for activation in ElementwiseFunction.allCases {
      let layer = Dense<Double>(
        "layer", kernel: Kernel("W", randomMatrix(4, 3, random)),
        bias: randomBias("b", 3, random), activation: activation)
      let input: Matrix<Double> = randomMatrix(5, 4, random)
      var expected = try layer.preactivation(input)
      expected.apply(activation)
      #expect(try layer.forward(input) == expected)

      let cotangent: Matrix<Double> = randomMatrix(5, 3, random)
      var inner = cotangent
      try inner.multiplyByDerivative(of: activation, at: layer.preactivation(input))
      var whole = Gradients<Double>()
      var stopped = Gradients<Double>()
      let a = try layer.backward(cotangent, at: input, into: &whole)
      let b = try layer.backward(preactivationCotangent: inner, at: input, into: &stopped)
      #expect(a == b)
      #expect(whole.flat(for: layer.parameters) == stopped.flat(for: layer.parameters))
    }
  }
}
