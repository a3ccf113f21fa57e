import GSLKit
import Testing
import TiedLayers

@Suite("Models+Uses")
struct ModelsUsesTests {
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
}
