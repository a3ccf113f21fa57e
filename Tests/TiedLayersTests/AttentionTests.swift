import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

/// Attention by loops over samples, positions and features.
private struct PlainAttention: PlainLayer {
  let positions: Int
  let causal: Bool

  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    let features = input.count / positions
    /// x_t K.
    func projected(_ t: Int, _ kernel: [[N]]) -> [N] {
      kernel[0].indices.map { j in
        var sum = N(real: 0)
        for i in 0..<features { sum += input[t * features + i] * kernel[i][j] }
        return sum
      }
    }
    let root = N(real: Double(kernels[0][0].count).squareRoot())
    var output: [N] = []
    for t in 0..<positions {
      let query = projected(t, kernels[0])
      var total = N(real: 0)
      var mixed = kernels[2][0].map { _ in N(real: 0) }
      for s in 0..<(causal ? t + 1 : positions) {
        let key = projected(s, kernels[1])
        var score = N(real: 0)
        for j in query.indices { score += query[j] * key[j] }
        let weight = (score / root).exponential
        total += weight
        let value = projected(s, kernels[2])
        for j in value.indices { mixed[j] += weight * value[j] }
      }
      for j in kernels[3][0].indices {
        var sum = biases.isEmpty ? N(real: 0) : biases[0][j]
        for i in mixed.indices { sum += mixed[i] / total * kernels[3][i][j] }
        output.append(sum)
      }
    }
    return output
  }
}

@Suite("Attention")
struct AttentionTests {
  /// 3 features, a head of 4, values of 2, 5 outputs; query and key share one kernel.
  private func layer<S: Scalar>(
    positions: Int = 4, causal: Bool = false, bias: Bool = true, _ random: RandomSource,
    as type: S.Type = S.self
  ) -> Attention<S> {
    let shared = Kernel<S>("W", randomMatrix(3, 4, random))
    return Attention(
      "attention", query: shared, key: shared, value: Kernel("V", randomMatrix(3, 2, random)),
      output: Kernel("O", randomMatrix(2, 5, random)),
      bias: bias ? randomBias("b", 5, random) : nil, positions: positions, causal: causal)
  }

  @Test(
    "equals plain loops, and backward their complex step: input, query, key, value, output, bias",
    arguments: 1...8 as ClosedRange<UInt64>)
  func plain(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    for causal in [false, true] {
      let double: Attention<Double> = layer(causal: causal, bias: seed % 2 == 0, random)
      try expectLayer(
        double, computes: PlainAttention(positions: 4, causal: causal),
        at: randomMatrix(2, 12, random), within: 1e-12, seed: seed)
    }
    let float: Attention<Float> = layer(causal: true, random)
    try expectLayer(
      float, computes: PlainAttention(positions: 4, causal: true),
      at: randomMatrix(2, 12, random), within: 1e-4, seed: seed)
  }

  @Test("kernels may be used transposed: query and key of one square kernel, both ways")
  func transposedKernels() throws {
    let random = RandomSource(seed: 3)
    let square = Kernel<Double>("W", randomMatrix(3, 3, random))
    let tall = Kernel<Double>("V", randomMatrix(2, 3, random))
    let attention = Attention(
      "a", query: square, key: square.transposed, value: tall.transposed, output: tall,
      positions: 3)
    #expect(names(attention.parameters) == ["W", "V"])
    try expectLayer(
      attention, computes: PlainAttention(positions: 3, causal: false),
      at: randomMatrix(2, 9, random), within: 1e-12)
  }

  @Test("with one kernel for query and key the scores are symmetric; untied they are not")
  func sharedScores() throws {
    let random = RandomSource(seed: 5)
    // Values that are the one-hot positions make the output the weights themselves.
    let identity = try Matrix([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    let shared = Kernel<Double>("W", randomMatrix(3, 2, random))
    let other = Kernel<Double>("U", randomMatrix(3, 2, random))
    let input = try Matrix([identity.elements])
    for (key, isSymmetric) in [(shared, true), (other, false)] {
      let attention = Attention(
        "a", query: shared, key: key, value: Kernel("V", identity),
        output: Kernel("O", identity), positions: 3)
      let weights = try attention.forward(input).reshaped(columns: 3)
      for row in weights.nested { expectClose([row.reduce(0, +)], [1], within: 1e-15, "a row") }
      // log a_ij = s_ij - log of the row's sum: symmetric s gives a_01 a_12 a_20 = a_10 a_21 a_02.
      let (one, other) = (
        weights[0, 1] * weights[1, 2] * weights[2, 0],
        weights[1, 0] * weights[2, 1] * weights[0, 2]
      )
      #expect((abs(one - other) < 1e-14 * one) == isSymmetric)
    }
  }

  @Test("causal: what comes later changes nothing before it")
  func causal() throws {
    let random = RandomSource(seed: 7)
    let attention: Attention<Double> = layer(causal: true, random)
    let input: Matrix<Double> = randomMatrix(1, 12, random)
    let before = try attention.forward(input)
    for t in 0..<4 {
      var changed = input
      for j in (3 * t)..<(3 * t + 3) { changed[0, j] += 1 }
      let after = try attention.forward(changed)
      #expect(before.columns(0..<(5 * t)) == after.columns(0..<(5 * t)))
      #expect(before.columns((5 * t)..<20) != after.columns((5 * t)..<20))
    }
  }

  @Test("the kind says what is shared, and whether it is causal")
  func kind() {
    let random = RandomSource(seed: 7)
    var attention: Attention<Double> = layer(causal: true, random)
    #expect(attention.kind == "Attention (causal, query and key shared)")
    attention.key = Kernel("K", attention.query.parameter.values)
    #expect(attention.kind == "Attention (causal)")
    #expect(layer(random, as: Double.self).kind == "Attention (query and key shared)")
  }

  @Test("large scores do not overflow: the weights become a choice")
  func saturated() throws {
    let big = Kernel("W", try Matrix([[1e3]]))
    let one = Kernel("V", try Matrix([[1.0]]))
    let attention = Attention(
      "a", query: big, key: big, value: one, output: one, positions: 2)
    // Position 0 prefers itself, and so does position 1, which is of the other sign.
    #expect(try attention.forward(Matrix([[2, -3]])).nested == [[2, -3]])
  }

  @Test("one position attends to itself alone")
  func onePosition() throws {
    let random = RandomSource(seed: 8)
    let attention: Attention<Double> = layer(positions: 1, causal: true, random)
    let input: Matrix<Double> = randomMatrix(3, 3, random)
    var expected = try attention.output.multiply(attention.value.multiply(input))
    try expected.addToEachRow(attention.bias!.values)
    expectClose(
      try attention.forward(input).elements, expected.elements, within: 1e-14, "one position")
  }

  @Test("query and key are reached where there are positions that differ, value and output always")
  func reached() throws {
    let random = RandomSource(seed: 10)
    func reached(_ positions: Int, _ input: Matrix<Double>) throws -> [Bool] {
      let layer: Attention<Double> = layer(positions: positions, random)
      return try layer.slots.map { try layer.reaches(slot: $0.index, at: input) }
    }
    let never = [false, false, true, true, true]
    #expect(try reached(1, randomMatrix(2, 3, random)) == never)
    #expect(try reached(2, Matrix([[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]])) == never)
    let all = [Bool](repeating: true, count: 5)
    #expect(try reached(2, Matrix([[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 7]])) == all)
    #expect(throws: ShapeMismatch.self) { try reached(2, randomMatrix(1, 5, random)) }
  }

  @Test("a file with more positions than can be counted is refused in a sentence")
  func positionsInAFile() throws {
    let random = RandomSource(seed: 11)
    let layer: Attention<Double> = layer(positions: 4, random)
    let json = String(
      decoding: try ModelFile(
        network: Network(Chain([layer]), loss: .meanSquaredError),
        input: randomMatrix(1, 12, random), target: randomMatrix(1, 20, random)
      ).json(), as: UTF8.self)
    #expect(json.contains("\"positions\":4"))
    for bad in ["4611686018427387904", "0", "100001"] {
      let file = Data(json.replacing("\"positions\":4", with: "\"positions\":\(bad)").utf8)
      let error = #expect(throws: ModelFileError.self) { try ModelFile<Double>(json: file) }
      #expect(
        error?.description
          == "layer 1 (\"attention\") has the positions \(bad); expected a whole number from 1 to "
          + "100000.")
    }
  }

  @Test("shapes that do not fit are errors that say which kernel and what was expected")
  func mismatches() throws {
    let random = RandomSource(seed: 9)
    let right: Attention<Double> = layer(random)
    func error(_ change: (inout Attention<Double>) -> Void, width: Int = 12) -> ShapeMismatch? {
      var attention = right
      change(&attention)
      return #expect(throws: ShapeMismatch.self) {
        try attention.forward(Matrix(rows: 1, columns: width))
      }
    }
    #expect(
      error({ _ in }, width: 11)?.description
        == "attention \"attention\": got an input of width 11, expected 12, 4 positions of 3.")
    #expect(
      error { $0.key = Kernel("K", Matrix(rows: 4, columns: 3)) }?.description
        == "attention \"attention\", key: got a kernel of 4 x 3, expected 3 x 4. Is the kernel used "
        + "the wrong way round (transposed)?")
    #expect(
      error { $0.value = Kernel("V", Matrix(rows: 5, columns: 2)) }?.expected == "3 x 2")
    #expect(
      error { $0.output = Kernel("O", Matrix(rows: 7, columns: 5)) }?.operation
        == "attention \"attention\", output")
    #expect(error { $0.bias = Parameter("b", [1]) }?.given == "a bias of length 1")
    var gradients = Gradients<Double>()
    #expect(throws: ShapeMismatch.self) {
      try right.backward(
        Matrix(rows: 1, columns: 12), at: Matrix(rows: 1, columns: 12), into: &gradients)
    }
    #expect(gradients.parameters.isEmpty)
  }

  @Test("attention's query and key share one kernel")
  func attention() throws {
    let chain: Chain<Float> = try Models.attention(
      positions: 4, features: 3, head: 2, random: RandomSource(seed: 1))
    #expect(names(chain.parameters) == ["W", "V", "O", "b"])
    #expect(chain.layers[0].slots.map(\.name) == ["query", "key", "value", "output", "bias"])
    #expect(chain.layers[0].slots.map(\.isRepeated) == [true, true, false, false, false])
    #expect(try chain.forward(Matrix(rows: 2, columns: 12)).shape == [2, 12])
    #expect(names(chain.untied().parameters) == ["W", "W_attention_key", "V", "O", "b"])
  }

  @Test("a batch: every piece but the last, and what follows each")
  func modelBatch() throws {
    let model = try #require(Models.named("attention"))
    var choices = model.usual
    choices.features = 6
    choices.settings = ["pieces": 3]
    #expect(throws: Never.self) { try model.check(choices, data: "data") }
    #expect(model.title(choices) == "tied attention, 2 positions of 2, head 6")
    let batch = try model.batch(
      Samples(Matrix([[1, 2, 3, 4, 5, 6]])), choices, random: RandomSource(seed: 1))
    #expect(batch.input.nested == [[1, 2, 3, 4]])
    #expect(batch.target.nested == [[3, 4, 5, 6]])
  }

  @Test("columns that cannot be cut, and several widths, are refused")
  func modelChoices() throws {
    let model = try #require(Models.named("attention"))
    var choices = model.usual
    choices.features = 60
    let cut = #expect(throws: ModelChoiceError.self) { try model.check(choices, data: "digits") }
    #expect(
      cut?.description == "digits has 60 columns, which cannot be cut into 8 equal pieces. Use "
        + "features with a multiple of 8, or pieces=N.")
    let pieces = model.settings[0]
    // With two pieces there is one position, and nothing to attend to.
    #expect(pieces.allows(3) && !pieces.allows(2))
    choices.features = 64
    choices.hidden = [3, 2]
    #expect(throws: ModelChoiceError.self) { try model.check(choices, data: "digits") }
  }
}
