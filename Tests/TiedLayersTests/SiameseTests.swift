import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

/// Two towers by loops.
private struct PlainSiamese: PlainLayer {
  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    let width = input.count / 2
    var output: [N] = []
    for tower in 0..<2 {
      for j in kernels[tower][0].indices {
        var sum = biases.isEmpty ? N(real: 0) : biases[tower][j]
        for i in 0..<width { sum += input[tower * width + i] * kernels[tower][i][j] }
        output.append(sum.tanh)
      }
    }
    return output
  }
}

@Suite("Siamese")
struct SiameseTests {
  @Test("both halves go through the same kernel; by hand")
  func byHand() throws {
    let layer = Siamese(
      "towers", kernel: Kernel("W", try Matrix([[1.0, 2], [3, 4]])),
      bias: Parameter("b", [0.5, -20]), activation: .relu)
    #expect(try layer.forward(Matrix([[1, 0, 5, 5]])).nested == [[1.5, 0, 20.5, 10]])
    #expect(names(layer.parameters) == ["W", "b"])
    #expect(layer.kernels.count == 2 && layer.biases.count == 2)
    #expect(layer.kind == "Siamese (relu)")
    #expect(Siamese("s", kernel: layer.kernels[0]).kind == "Siamese")
  }

  @Test(
    "equals plain loops, and backward their complex step, tower by tower, in both orientations",
    arguments: 1...10 as ClosedRange<UInt64>)
  func plain(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    for transposed in [false, true] {
      let kernel = Kernel(
        Parameter<Double>("W", randomMatrix(4, 3, random)), transposed: transposed)
      let bias: Parameter<Double>? =
        seed % 2 == 0 ? randomBias("b", kernel.columns, random) : nil
      try expectLayer(
        Siamese("s", kernel: kernel, bias: bias, activation: .tanh), computes: PlainSiamese(),
        at: randomMatrix(3, 2 * kernel.rows, random), within: 1e-12, seed: seed)
    }
    let kernel = Kernel<Float>("W", randomMatrix(4, 3, random))
    try expectLayer(
      Siamese("s", kernel: kernel, bias: randomBias("b", 3, random), activation: .tanh),
      computes: PlainSiamese(), at: randomMatrix(3, 8, random), within: 1e-5, seed: seed)
  }

  @Test("the untied twin computes the same with a kernel for each tower")
  func untied() throws {
    let random = RandomSource(seed: 4)
    let layer = Siamese<Double>(
      "towers", kernel: Kernel("W", randomMatrix(4, 3, random)), bias: randomBias("b", 3, random),
      activation: .tanh)
    let chain = Chain<Double>([layer, PairDistance("distance")])
    let twin = chain.untied()
    #expect(chain.parameters.count == 2 && twin.parameters.count == 4)
    #expect(chain.layers[0].kind == "Siamese (tanh)" && twin.layers[0].kind == "Two towers (tanh)")
    let input: Matrix<Double> = randomMatrix(5, 8, random)
    #expect(try chain.forward(input) == twin.forward(input))
  }

  @Test("the gradient of the pair's loss is that of both towers, deep ones too")
  func contrastive() throws {
    let random = RandomSource(seed: 6)
    let chain = Chain<Double>([
      Siamese(
        "first", kernel: Kernel("W", randomMatrix(4, 5, random)), bias: randomBias("b", 5, random),
        activation: .tanh),
      // A bias here would drop out of the difference.
      Siamese("second", kernel: Kernel("V", randomMatrix(5, 2, random))),
      PairDistance("distance"),
    ])
    let network = Network(chain, loss: .contrastive)
    var input: Matrix<Double> = randomMatrix(8, 8, random)
    for i in input.elements.indices { input.elements[i] /= 2 }
    let target = try Matrix([[0.0], [1], [0], [1], [0], [1], [1], [1]])
    let distances = try chain.forward(input).elements
    #expect(distances.contains { $0 > 1.05 } && distances.contains { $0 < 0.95 })
    let gradients = try network.gradients(input, target: target)
    for parameter in chain.parameters {
      expectClose(
        try #require(gradients[parameter]).elements,
        try numericGradient(of: network, by: parameter, input, target: target), within: 1e-8,
        "\(parameter)")
    }
  }

  @Test("widths that do not fit are errors")
  func mismatches() throws {
    let layer = Siamese("towers", kernel: Kernel("W", Matrix<Double>(rows: 4, columns: 3)))
    let odd = #expect(throws: ShapeMismatch.self) {
      try layer.forward(Matrix(rows: 1, columns: 7))
    }
    #expect(
      odd?.description
        == "siamese layer \"towers\": got an input of width 7, expected 8, 4 for each "
        + "of the two towers.")
    let turned = #expect(throws: ShapeMismatch.self) {
      try layer.forward(Matrix(rows: 1, columns: 6))
    }
    #expect(turned?.hint == "Is the kernel used the wrong way round (transposed)?")
    var gradients = Gradients<Double>()
    #expect(throws: ShapeMismatch.self) {
      try layer.backward(
        preactivationCotangent: Matrix(rows: 1, columns: 3), at: Matrix(rows: 1, columns: 8),
        into: &gradients)
    }
    let bias = Siamese(
      "towers", kernel: layer.kernels[0], bias: Parameter("b", [1.0, 2]))
    #expect(throws: ShapeMismatch.self) { try bias.forward(Matrix(rows: 1, columns: 8)) }
  }

  @Test("two towers share every kernel and bias, and end in a distance")
  func siamese() throws {
    let chain: Chain<Double> = try Models.siamese(
      features: 5, hidden: [4, 3], random: RandomSource(seed: 1))
    #expect(names(chain.parameters) == ["W1", "b1", "W2", "b2"])
    #expect(chain.layers.map(\.name) == ["towers1", "towers2", "distance"])
    #expect(chain.layers[0].slots.map(\.name) == ["left", "right", "left", "right"])
    let random = RandomSource(seed: 2)
    let pair: Matrix<Double> = randomMatrix(1, 5, random)
    // A thing is at no distance from itself, and as far from another as the other from it.
    #expect(try chain.forward(Matrix(sideBySide: [pair, pair])).nested == [[0]])
    let other: Matrix<Double> = randomMatrix(1, 5, random)
    let there = try chain.forward(Matrix(sideBySide: [pair, other]))
    #expect(try there == chain.forward(Matrix(sideBySide: [other, pair])))
    #expect(there.elements[0] > 0)
    #expect(
      names(chain.untied().parameters) == [
        "W1", "W1_towers1_right", "b1", "b1_towers1_right", "W2", "W2_towers2_right", "b2",
        "b2_towers2_right",
      ])
  }

  @Test("pairs: by turns the same and not, where labels say so", arguments: 1...10)
  func modelBatch(seed: Int) throws {
    let model = try #require(Models.named("siamese"))
    let random = RandomSource(seed: UInt64(seed))
    let labels = [0, 1, 2, 0, 1, 2, 7]
    var values = Matrix<Double>(rows: 7, columns: 2)
    for i in 0..<7 { values[i, 0] = Double(i) }
    let batch = try model.batch(Samples(values, labels: labels), model.usual, random: random)
    #expect(batch.input.shape == [7, 4] && batch.target.shape == [7, 1])
    for i in 0..<7 {
      let partner = Int(batch.input[i, 2])
      #expect(Int(batch.input[i, 0]) == i && partner != i)
      #expect(batch.target[i, 0] == (labels[i] == labels[partner] ? 0 : 1))
      // The last one is alone of its kind.
      if i < 6 { #expect(batch.target[i, 0] == Double(i % 2)) }
    }
    let unlabelled = try model.batch(Samples(values), model.usual, random: random)
    #expect(unlabelled.target.elements == [0, 1, 0, 1, 0, 1, 0])
    let alone = #expect(throws: ModelChoiceError.self) {
      try model.batch(Samples(values.row(0)), model.usual, random: random)
    }
    #expect(alone?.description.contains("at least 2") == true)
  }
}
