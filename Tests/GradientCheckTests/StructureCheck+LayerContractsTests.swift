import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

/// Promises of layers, kept and broken.
struct LayerContractsTests {
  private func languageModel(_ seed: UInt64) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.languageModel(
      vocabulary: 9, context: 2, width: 3, random: random)
    var input = Matrix<Double>(rows: 3, columns: 2)
    for i in input.elements.indices { input.elements[i] = Double(random.integer(below: 5)) }
    var target = Matrix<Double>(rows: 3, columns: 9)
    for i in 0..<3 { target[i, random.integer(below: 9)] = 1 }
    return ChainObjective(
      Network(chain, loss: .softmaxCrossEntropy), input: input, target: target)
  }

  private func siamese(_ seed: UInt64) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.siamese(features: 4, hidden: [3, 2], random: random)
    return ChainObjective(
      Network(chain, loss: .contrastive), input: random.matrix(rows: 4, columns: 8, -1, 1),
      target: try Matrix([[0], [1], [0], [1]]))
  }

  @Test func theRightLookupKeepsItsPromise() throws {
    for seed: UInt64 in 1...10 {
      let objective = try languageModel(seed)
      let found = try #require(try StructureCheck().lookups(objective))
      let rows = Set(objective.input.elements).count
      #expect(found.verdict == .pass)
      #expect(
        found.answer == "it does; embedding looks up \(rows) of 9 rows, and claims a gradient on "
          + "\(rows) through embedding and on 9 through projection")
    }
    #expect(try StructureCheck().lookups(autoencoder(1)) == nil)
  }

  /// A lookup that reads one row too many, or another one.
  private struct WrongLookup: LookupLayer {
    let right: Embedding<Double>
    let tokens: @Sendable (Matrix<Double>) -> Matrix<Double>
    var table: [Kernel<Double>]
    var name: String { right.name }
    var kernels: [Kernel<Double>] {
      get { table }
      set { table = newValue }
    }
    var biases: [Parameter<Double>] = []
    private var bound: Embedding<Double> {
      Embedding(name, kernel: table[0], scale: right.scale)
    }
    func rows(_ input: Matrix<Double>) throws -> [Int] { try right.rows(input) }
    func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
      try bound.forward(tokens(input))
    }
    func backward(
      _ cotangent: Matrix<Double>, at input: Matrix<Double>,
      into gradients: inout Gradients<Double>
    ) throws -> Matrix<Double> {
      try bound.backward(cotangent, at: tokens(input), into: &gradients)
    }
  }

  @Test(arguments: [
    ("reads rows that it does not look up", 7.0), ("just where it is looked up", 0.0),
  ])
  func aLookupOfOtherRowsIsSeen(finding: String, instead: Double) throws {
    var network = try languageModel(1).network
    let embedding = try #require(network.chain.layers[0] as? Embedding<Double>)
    network.chain.layers[0] = WrongLookup(
      right: embedding,
      tokens: { input in
        var wrong = input
        for i in wrong.elements.indices where wrong.elements[i] == 2 { wrong.elements[i] = instead }
        return wrong
      }, table: embedding.kernels)
    let wrong = ChainObjective(
      network, input: try Matrix([[1, 2], [3, 0]]), target: Matrix(rows: 2, columns: 9))
    let found = try StructureCheck().check(wrong)
    #expect(found.verdict == .fail)
    #expect(found.diagnoses.map(\.id) == ["unexplained"])
    #expect(found.diagnoses[0].sentence.contains(finding))
  }

  @Test func towersThatDoTheSameAreTold() throws {
    for seed: UInt64 in 1...10 {
      let found = try #require(try StructureCheck().towers(siamese(seed)))
      #expect(found.verdict == .pass)
      #expect(found.answer == "2 layers were asked, and they do")
    }
    let tied = try siamese(1)
    let untied = ChainObjective(
      Network(tied.network.chain.untied(), loss: .contrastive), input: tied.input,
      target: tied.target)
    #expect(try StructureCheck().towers(untied) == nil)
  }

  /// Adds something to one side.
  private struct Lopsided: PairLayer {
    var right: Siamese<Double>
    var name: String { right.name }
    var kernels: [Kernel<Double>] {
      get { right.kernels }
      set { right.kernels = newValue }
    }
    var biases: [Parameter<Double>] {
      get { right.biases }
      set { right.biases = newValue }
    }
    func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
      var output = try right.forward(input)
      for i in 0..<output.rows { output[i, 0] += 1e-9 }
      return output
    }
    func backward(
      _ cotangent: Matrix<Double>, at input: Matrix<Double>,
      into gradients: inout Gradients<Double>
    ) throws -> Matrix<Double> {
      try right.backward(cotangent, at: input, into: &gradients)
    }
  }

  @Test func aTowerThatDoesSomethingElseIsSeen() throws {
    let objective = try siamese(1)
    let right = try #require(objective.network.chain.layers[0] as? Siamese<Double>)
    var network = objective.network
    network.chain.layers[0] = Lopsided(right: right)
    let lopsided = ChainObjective(network, input: objective.input, target: objective.target)
    let found = try #require(try StructureCheck().towers(lopsided))
    #expect(found.verdict == .fail)
    #expect(found.answer == "towers1 treats the second of a pair otherwise")
  }
}
