import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

/// Row by row, number by number.
private struct PlainEmbedding: PlainLayer {
  let scale: Double

  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    var output: [N] = []
    for position in input.indices {
      for j in kernels[0][0].indices {
        output.append(N(real: scale) * kernels[0][Int(input[position].re)][j])
      }
    }
    return output
  }
}

@Suite("Embedding")
struct EmbeddingTests {
  /// Random tokens, batch x positions.
  private func tokens<S: Scalar>(
    _ batch: Int, _ positions: Int, of vocabulary: Int, _ random: RandomSource,
    as type: S.Type = S.self
  ) -> Matrix<S> {
    var tokens = Matrix<S>(rows: batch, columns: positions)
    for i in tokens.elements.indices {
      tokens.elements[i] = S(random.integer(below: vocabulary))
    }
    return tokens
  }

  @Test("a row of tokens becomes the rows of the table, scaled, side by side; by hand")
  func byHand() throws {
    let table = Kernel("E", try Matrix([[1.0, 2], [3, 4], [5, 6]]))
    let layer = Embedding("e", kernel: table, scale: 2)
    let input = try Matrix([[2.0, 0], [1, 1]])
    #expect(try layer.forward(input).nested == [[10, 12, 2, 4], [6, 8, 6, 8]])
    // Token 1 occurs twice in a row: both places count.
    var gradients = Gradients<Double>()
    let back = try layer.backward(
      Matrix([[1, 2, 3, 4], [10, 20, 30, 40]]), at: input, into: &gradients)
    #expect(gradients[table.parameter]?.nested == [[6, 8], [80, 120], [2, 4]])
    #expect(back.nested == [[0, 0], [0, 0]])
  }

  @Test(
    "equals plain loops, and backward their complex step, in both orientations",
    arguments: 1...10 as ClosedRange<UInt64>)
  func plain(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    for transposed in [false, true] {
      let kernel = Kernel(
        Parameter<Double>("E", randomMatrix(7, 3, random)), transposed: transposed)
      let scale = random.uniform(0.5, 3)
      try expectLayer(
        Embedding("e", kernel: kernel, scale: scale), computes: PlainEmbedding(scale: scale),
        at: tokens(5, 4, of: kernel.rows, random), byInput: false, within: 1e-13, seed: seed)
    }
    let kernel = Kernel<Float>("E", randomMatrix(7, 3, random))
    try expectLayer(
      Embedding("e", kernel: kernel, scale: 1.5), computes: PlainEmbedding(scale: 1.5),
      at: tokens(5, 4, of: 7, random), byInput: false, within: 1e-6, seed: seed)
  }

  /// Embedding, a hidden layer, and the table again as output projection.
  private func languageModel(_ random: RandomSource) -> Chain<Double> {
    let embedding = Embedding<Double>(
      "embedding", kernel: Kernel("E", randomMatrix(9, 4, random)), scale: 2)
    return Chain([
      embedding,
      Dense(
        "hidden", kernel: Kernel("H", randomMatrix(12, 4, random)),
        bias: randomBias("h", 4, random), activation: .tanh),
      Dense(
        "projection", kernel: embedding.kernel.transposed, bias: randomBias("c", 9, random)),
    ])
  }

  @Test(
    "tied: the lookup contributes on the rows looked up alone, the projection on every row",
    arguments: 1...20 as ClosedRange<UInt64>)
  func rows(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    let chain = languageModel(random)
    let network = Network(chain, loss: .softmaxCrossEntropy)
    let input: Matrix<Double> = tokens(3, 3, of: 6, random)
    var target = Matrix<Double>(rows: 3, columns: 9)
    for i in 0..<3 { target[i, random.integer(below: 9)] = 1 }
    let byLayer = try network.gradientsByLayer(input, target: target)
    let table = chain.layers[0].kernels[0].parameter
    let lookedUp = Set(input.elements.map { Int($0) })
    let (lookup, projection) = (
      try #require(byLayer[0][table]), try #require(byLayer[2][table])
    )
    for row in 0..<9 {
      let isZero = lookup.row(row).elements.allSatisfy { $0 == 0 }
      #expect(isZero != lookedUp.contains(row), "row \(row)")
      #expect(projection.row(row).elements.allSatisfy { $0 != 0 })
    }
    // And the two add up to the gradient.
    let numeric = try numericGradient(of: network, by: table, input, target: target)
    var sum = lookup
    try sum.add(projection)
    expectClose(sum.elements, numeric, within: 1e-9, "table")
  }

  @Test("what is no token is refused: where it stands, what was given, what was expected")
  func noToken() throws {
    let layer = Embedding(
      "words", kernel: Kernel("E", Matrix<Double>(rows: 4, columns: 2)))
    for wrong in [4, -1, 0.5, .nan, .infinity, 1e300] {
      let input = try Matrix([[0.0, 3], [1, wrong]])
      let error = #expect(throws: TokenError.self) { try layer.forward(input) }
      #expect(error?.sample == 1 && error?.position == 1)
      #expect(
        error?.description
          == "embedding \"words\": got \(wrong) in sample 1, position 1, expected a "
          + "token: a whole number from 0 to 3, one for each row of the table.")
      var gradients = Gradients<Double>()
      #expect(throws: TokenError.self) {
        try layer.backward(Matrix(rows: 2, columns: 4), at: input, into: &gradients)
      }
    }
    // A negative zero is the token 0.
    #expect(try layer.forward(Matrix([[-0.0]])).columns == 2)
    #expect(try layer.forward(Matrix(rows: 0, columns: 0)).rows == 0)
  }

  @Test("the kind says which rows are fixed; the gradient holds them like all others")
  func fixedRows() throws {
    let table = Parameter("E", try Matrix([[1.0, 2], [3, 4]]), fixedRows: [0])
    let layer = Embedding("e", kernel: Kernel(table))
    #expect(layer.kind == "Embedding (row 0 fixed)")
    #expect(Embedding("e", kernel: Kernel(table.copy(named: "F"))).kind == layer.kind)
    var gradients = Gradients<Double>()
    _ = try layer.backward(Matrix([[5, 6]]), at: Matrix([[0]]), into: &gradients)
    #expect(gradients[table]?.nested == [[5, 6], [0, 0]])
    table.fixedRows = []
    #expect(layer.kind == "Embedding")
  }

  @Test("a cotangent of another shape is an error")
  func mismatch() throws {
    let layer = Embedding("e", kernel: Kernel("E", Matrix<Double>(rows: 4, columns: 2)))
    var gradients = Gradients<Double>()
    let error = #expect(throws: ShapeMismatch.self) {
      try layer.backward(
        Matrix(rows: 1, columns: 3), at: Matrix(rows: 1, columns: 2), into: &gradients)
    }
    #expect(error?.expected == "1 x 4, 2 for each token")
    #expect(gradients.parameters.isEmpty)
  }

  @Test("the language model looks up and projects by one table, whose padding row is fixed")
  func languageModel() throws {
    let chain: Chain<Double> = try Models.languageModel(
      vocabulary: 9, context: 3, width: 4, random: RandomSource(seed: 1))
    #expect(names(chain.parameters) == ["E", "H", "b", "c"])
    #expect(chain.parameters.map(\.shape) == [[9, 4], [12, 4], [4], [9]])
    #expect(chain.layers[0].kernels[0].parameter === chain.layers[2].kernels[0].parameter)
    #expect(chain.parameters[0].fixedRows == [0])
    let embedding = try #require(chain.layers[0] as? Embedding<Double>)
    #expect(embedding.scale == 2)
    let input = try Matrix([[0.0, 0, 3], [8, 1, 2]])
    #expect(try chain.forward(input).shape == [2, 9])
    // Its untied twin starts with the same values, and only the lookup's table has a padding row.
    let twin = chain.untied()
    #expect(names(twin.parameters) == ["E", "H", "b", "E_projection", "c"])
    #expect(twin.parameters.map(\.fixedRows) == [[0], [], [], [], []])
    #expect(try twin.forward(input) == chain.forward(input))
  }

  @Test("a batch of a text: the words before, and the next one-hot; of other data, drawn tokens")
  func modelBatch() throws {
    let model = try #require(Models.named("embedding"))
    var choices = model.usual
    choices.features = 2
    choices.vocabulary = 5
    let samples = Samples(try Matrix([[0, 3], [4, 1]]), labels: [2, 4])
    let batch = try model.batch(samples, choices, random: RandomSource(seed: 1))
    #expect(batch.input == samples.values)
    #expect(batch.target.nested == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1]])

    choices.vocabulary = 0
    choices.settings = ["vocabulary": 3]
    let random = try model.batch(
      Samples(Matrix(rows: 50, columns: 2, repeating: 0.5)), choices,
      random: RandomSource(seed: 1))
    #expect(random.input.elements[0] == 0)
    #expect(Set(random.input.elements) == [0, 1, 2])
    // The padding follows nothing.
    #expect(random.target.columns == 3 && random.target.columnSums[0, 0] == 0)
    #expect(random.target.elements.reduce(0, +) == 50)
  }

  @Test("one width, and a vocabulary that the text has")
  func modelChoices() throws {
    let model = try #require(Models.named("embedding"))
    var choices = model.usual
    choices.vocabulary = 44
    #expect(throws: Never.self) { try model.check(choices, data: "a text") }
    #expect(model.title(choices) == "tied embedding 44 x 16, context 3")
    choices.settings = ["vocabulary": 7]
    let vocabulary = #expect(throws: ModelChoiceError.self) {
      try model.check(choices, data: "a text")
    }
    #expect(vocabulary?.description.contains("a text holds 44 different tokens") == true)
    choices.settings = [:]
    choices.hidden = [3, 2]
    let widths = #expect(throws: ModelChoiceError.self) {
      try model.check(choices, data: "a text")
    }
    #expect(widths?.description.hasPrefix("hidden has 2 widths") == true)
  }
}
