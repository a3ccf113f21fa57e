import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct StructureCheckTests {
  @Test(arguments: [[3], [4], [3, 2]])
  func theRightModelPassesEveryQuestion(hidden: [Int]) throws {
    let found = try StructureCheck().check(autoencoder(1, hidden: hidden))
    #expect(found.verdict == .pass, "\(found.questions)")
    // The Jacobian is symmetric, and asked for, only where there is one pair.
    #expect(found.questions.count == (hidden.count == 1 ? 8 : 7))
    #expect(found.diagnoses.isEmpty)
  }

  @Test func aSummaryThatIsWrongInAnotherWayHasNoName() throws {
    var handling = ModelHandling.right
    handling.summarize = { chain, input in
      let right = try ModelSummary(chain, input: input)
      return ModelSummary(
        layers: right.layers, totalParameters: right.totalParameters + 1,
        sumOverLayers: right.sumOverLayers)
    }
    let found = try StructureCheck().check(autoencoder(1), handling)
    #expect(found.diagnoses.map(\.id) == ["unexplained"])
  }

  @Test func valuesThatChangeOnTheWayHaveNoNameEither() throws {
    var handling = ModelHandling.right
    handling.reload = { file in
      let loaded = try ModelHandling.right.reload(file)
      loaded.network.chain.parameters[0][0] += 1
      return loaded
    }
    let found = try StructureCheck().check(autoencoder(1), handling)
    #expect(found.diagnoses.map(\.id) == ["unexplained"])
    #expect(found.diagnoses[0].sentence == "values have changed")
  }

  /// The extra witnesses see a decoder that is not the transpose, even where the gradient is right.
  @Test func aDecoderThatComputesWithOtherNumbersIsSeenByItsOutputs() throws {
    let objective = try autoencoder(1)
    var chain = objective.network.chain
    var other = chain.layers[1] as! Dense<Double>
    let kernel = other.kernel
    other.kernel = Kernel("V", kernel.parameter.values).transposed
    other.kernel.parameter[2] += 0.5
    chain.layers[1] = Claiming(actual: other, kernel: kernel)
    let wrong = ChainObjective(
      Network(chain, loss: objective.network.loss), input: objective.input,
      target: objective.target)
    let found = try StructureCheck().check(wrong)
    let failed = found.questions.filter { $0.verdict == .fail }.map(\.question)
    #expect(failed.contains { $0.contains("adjoint") })
    #expect(failed.contains { $0.contains("Jacobian") })
    #expect(failed.contains { $0.contains("x K + b") })
  }

  /// A kernel that no sample of this batch reaches is no phantom: it was not asked.
  @Test func whatTheBatchDoesNotReachIsNamedAndNotConvicted() throws {
    for (model, names) in zip(
      try unreached(tied: false), ["W_x_rnn_input_2 in rnn", "W in attention, W_attention_key in"])
    {
      let found = try StructureCheck().check(model)
      #expect(found.diagnoses.isEmpty, "\(found.diagnoses)")
      let read = try #require(found.questions.first { $0.question.contains("registers") })
      #expect(read.answer.hasPrefix("all that this batch reaches; not asked: "))
      #expect(read.answer.contains(names), "\(read.answer)")
    }
  }

  /// Attention states no formula; of two dense layers both are named.
  @Test func onlyWhereAFormulaIsStatedIsItAskedFor() throws {
    let stated = try StructureCheck().check(autoencoder(1)).questions
    #expect(
      stated.first { $0.question.contains("formula") }?.answer
        == "computed again: encoder, decoder; 2 of 2 layers state one")
    for model in try unreached(tied: true) {
      let found = try StructureCheck().check(model).questions
      #expect(!found.contains { $0.question.contains("formula") })
    }
  }

  /// What a frame of plain loops says against BLAS.
  @Test func aForwardPassThatLeavesTheBiasOutIsNamed() throws {
    let objective = try autoencoder(1)
    var chain = objective.network.chain
    chain.layers[0] = Forgetting(dense: chain.layers[0] as! Dense<Double>)
    let wrong = ChainObjective(
      Network(chain, loss: objective.network.loss), input: objective.input,
      target: objective.target)
    let found = try StructureCheck().check(wrong)
    // Both at once: it is not added, and so it is never read.
    #expect(found.diagnoses.map(\.id) == ["bias-missing", "phantom-kernel"])
  }

  @Test func aSampleThatIsLeftOutIsSeen() throws {
    var handling = ModelHandling.right
    handling.sampleGradients = { Array(try ModelHandling.right.sampleGradients($0).dropLast()) }
    let found = try StructureCheck().check(autoencoder(1), handling)
    #expect(found.diagnoses.map(\.id) == ["unexplained"])
    #expect(found.diagnoses[0].sentence.contains("2 gradients for 3 samples"))
  }
}

private struct Forgetting: ActivatedLayer {
  var dense: Dense<Double>
  var productForm: (any ProductForm)? { dense.productForm }
  var name: String { dense.name }
  var kind: String { dense.kind }
  var activation: ElementwiseFunction { dense.activation }
  var kernels: [Kernel<Double>] {
    get { dense.kernels }
    set { dense.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { dense.biases }
    set { dense.biases = newValue }
  }
  func preactivation(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try dense.kernel.multiply(input)
  }
  func backward(
    preactivationCotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try gradients.addProduct(
      input: input, cotangent: preactivationCotangent, to: dense.kernel)
    return try dense.kernel.multiplyAdjoint(preactivationCotangent)
  }
}

/// Says that it uses one kernel, and uses another.
private struct Claiming: ActivatedLayer {
  var actual: Dense<Double>
  var kernel: Kernel<Double>
  var productForm: (any ProductForm)? { actual.productForm }
  var name: String { actual.name }
  var kind: String { actual.kind }
  var activation: ElementwiseFunction { actual.activation }
  var kernels: [Kernel<Double>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }
  var biases: [Parameter<Double>] {
    get { actual.biases }
    set { actual.biases = newValue }
  }
  func preactivation(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try actual.preactivation(input)
  }
  func backward(
    preactivationCotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var own = Gradients<Double>()
    let result = try actual.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &own)
    for bias in biases { try gradients.add(own[bias]!, to: bias) }
    return result
  }
}
