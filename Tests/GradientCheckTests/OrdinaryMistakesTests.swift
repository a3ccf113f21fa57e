import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// A dense layer whose backward pass treats the derivative of its activation in another way.
private struct WrongSlope: ActivatedLayer {
  enum Mistake: CaseIterable { case missing, atOutput, twice, ofPreactivation }

  var layer: Dense<Double>
  let mistake: Mistake

  var name: String { layer.name }
  var activation: ElementwiseFunction { layer.activation }
  var kernels: [Kernel<Double>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }

  func preactivation(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try layer.preactivation(input)
  }

  func backward(
    preactivationCotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try layer.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &gradients)
  }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    let before = try preactivation(input)
    var inner = cotangent
    switch mistake {
    case .missing: break
    case .atOutput: try inner.multiplyByDerivative(of: activation, at: forward(input))
    case .twice:
      for _ in 0..<2 { try inner.multiplyByDerivative(of: activation, at: before) }
    case .ofPreactivation:
      for i in inner.elements.indices {
        inner.elements[i] *= 1 - before.elements[i] * before.elements[i]
      }
    }
    return try layer.backward(preactivationCotangent: inner, at: input, into: &gradients)
  }
}

@Suite("Ordinary mistakes")
struct OrdinaryMistakesTests {
  /// Two layers, or a tied pair, the first of which has the mistake.
  private func model(
    _ seed: UInt64, tied: Bool, _ mistake: WrongSlope.Mistake?
  ) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let kernel = Kernel<Double>("W", random.matrix(rows: 4, columns: 3, -1, 1))
    let other = Kernel<Double>("V", random.matrix(rows: 3, columns: 4, -1, 1))
    let first = Dense(
      "first", kernel: kernel, bias: Parameter("b", [0.1, -0.2, 0.3]), activation: .tanh)
    let second = Dense(
      "second", kernel: tied ? kernel.transposed : other, bias: Parameter("c", [0.2, 0, 0.1, -0.3]))
    var layers: [any Layer<Double>] = [first, second]
    if let mistake { layers[0] = WrongSlope(layer: first, mistake: mistake) }
    return ChainObjective(
      Network(Chain(layers), loss: .meanSquaredError),
      input: random.matrix(rows: 5, columns: 4), target: random.matrix(rows: 5, columns: 4))
  }

  private func diagnoses(_ objective: ChainObjective<Double>) throws -> [Diagnosis] {
    try CheckCase(name: "ordinary", model: "ordinary", subjects: []) { objective }
      .run(CheckOptions()).diagnoses
  }

  @Test(
    "a derivative of an activation that is missing or misplaced is named, in a chain and in a tie")
  func activations() throws {
    for tied in [false, true] {
      #expect(try diagnoses(model(1, tied: tied, nil)).isEmpty)
      for mistake in WrongSlope.Mistake.allCases {
        let found = try diagnoses(model(2, tied: tied, mistake))
        let name =
          mistake == .missing ? "activation-derivative-missing" : "activation-derivative-misplaced"
        #expect(found.map(\.id) == [name, name], "\(mistake): \(found.map(\.sentence))")
        #expect(found.map(\.parameter) == ["W", "b"])
        #expect(found.allSatisfy { $0.sentence.contains("first's activation (tanh)") })
      }
    }
  }

  /// The diagnoses of claims that were changed, with what is measured where nothing else explains them.
  private func diagnoses(
    _ base: ChainObjective<Double>, _ change: @escaping (inout [[Double]?]) throws -> Void
  ) throws -> [Diagnosis] {
    var claims = try base.gradients()
    try change(&claims)
    let gradient = try gradientResult(Tampered(base) { $0 = claims })
    let tie = try TieCheck().check(base, gradient: try gradientResult(base))
    return try Diagnostician().diagnose(
      gradient: gradient, tie: tie, updates: nil, values: [:],
      Diagnostician.LastResorts(mistakes: { p in
        try ordinaryMistakes.flatMap {
          try $0.wrongGradients(base, gradient.parameters[p], parameter: p)
        }
      }))
  }

  @Test("one sample that stands for the batch is named, with the weight it has")
  func samples() throws {
    let base = try model(3, tied: false, nil)
    for (sample, which) in [(0, "the first"), (4, "the last")] {
      let (alone, weight) = try #require(base.sample(sample))
      for times in [1, 5] {
        let found = try diagnoses(base) { claims in
          claims = try alone.gradients().map { $0.map { $0.map { weight * Double(times) * $0 } } }
        }
        #expect(found.allSatisfy { $0.id == "batch-not-summed" }, "\(found.map(\.sentence))")
        #expect(found.count == 4)
        #expect(found.allSatisfy { $0.sentence.contains("what \(which) of the 5 samples") })
        #expect(found.allSatisfy { $0.sentence.contains("times 5") == (times == 5) })
      }
    }
    // The third sample is neither: its number is evidence, and no name.
    let (third, weight) = try #require(base.sample(2))
    let found = try diagnoses(base) { claims in
      claims = try third.gradients().map { $0.map { $0.map { weight * $0 } } }
    }
    #expect(found.allSatisfy { $0.id == "unexplained" })
  }

  @Test(
    "a claim on the grid of a short format is rounded; one that is off the grid, or far off, is not"
  )
  func rounding() throws {
    let base = try model(4, tied: false, nil)
    func rounded(_ digits: UInt32) throws -> [Diagnosis] {
      try diagnoses(base) { claims in
        claims = claims.map {
          $0.map { $0.map { Double(Float(bitPattern: Float($0).bitPattern & ~0 << digits)) } }
        }
      }
    }
    // Three numbers may lie on a grid by chance: of b nothing is said.
    let short = try rounded(16)
    let named = short.filter { $0.id == "rounded" && $0.sentence.contains("bfloat16") }
    #expect(named.map(\.parameter) == ["W", "V", "c"], "\(short.map(\.sentence))")
    #expect(short.filter { $0.id != "rounded" }.allSatisfy { $0.parameter == "b" })
    #expect(try rounded(13).contains { $0.id == "rounded" && $0.sentence.contains("float16") })
    // Another format, with one digit less than float16 has.
    #expect(try rounded(14).contains { $0.id == "unexplained" && $0.parameter == "W" })
    let far = try diagnoses(base) { claims in
      claims[0] = claims[0]!.map {
        Double(Float(bitPattern: Float(3 * $0 + 1).bitPattern & ~0 << 16))
      }
    }
    #expect(far.map(\.id) == ["unexplained"])
  }
}
