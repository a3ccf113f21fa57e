import FaultGallery
import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers
import TiedModels

@testable import TiecheckCommands

@Suite struct ModelRequestTests {
  private func prepared(_ arguments: String) throws -> PreparedModel {
    try ModelOptions.parse(arguments.split(separator: " ").map(String.init)).prepared(for: .check)
  }

  @Test func defaults() throws {
    let model = try prepared("")
    #expect(model.name == "tied autoencoder 64-16-64 on digits")
    let objective = try model.rightObjective()
    #expect(objective.input.shape == [32, 64])
    #expect(objective.input == objective.target)
    #expect(objective.input.elements.contains { $0 > 0 })
    #expect(objective.input.elements.allSatisfy { (0...1).contains($0) })
    #expect(objective.lossName == "binary_cross_entropy")
    #expect(objective.network.chain.layers.map(\.kind) == ["Dense (tanh)", "Dense (sigmoid)"])
    #expect(objective.network.chain.parameters.map(\.shape) == [[64, 16], [16], [64]])

    let original = try prepared("--model original").rightObjective()
    #expect(original.input.shape == [7, 5])
    #expect(original.lossName == "mean_squared_error")
    #expect(original.network.chain.parameters.count == 3)
    #expect(
      try prepared("--model original --bias-shared").rightObjective().network.chain.parameters.count
        == 2)
    #expect(try prepared("--features 9").name == "tied autoencoder 9-16-9 on random data")
  }

  @Test func theLossGoesWithTheLastActivation() throws {
    #expect(
      try prepared("--output-activation identity").rightObjective().lossName == "mean_squared_error"
    )
    #expect(
      try prepared("--loss softmax-cross-entropy").rightObjective().lossName
        == "softmax_cross_entropy")
  }

  @Test func featuresTakeTheFirstColumns() throws {
    let all = try prepared("--data digits").rightObjective().input
    let few = try prepared("--data digits --features 20").rightObjective().input
    #expect(few.shape == [32, 20])
    for i in 0..<32 {
      for j in 0..<20 { #expect(few[i, j] == all[i, j]) }
    }
  }

  @Test func theSeedChoosesBothAndEachForItself() throws {
    let one = try prepared("--seed 1").rightObjective()
    let again = try prepared("--seed 1").rightObjective()
    let two = try prepared("--seed 2").rightObjective()
    let smaller = try prepared("--seed 1 --batch 8").rightObjective()
    #expect(one.input == again.input)
    #expect(one.parameters.map(\.flat) == again.parameters.map(\.flat))
    #expect(one.input != two.input)
    #expect(one.parameters[0].flat != two.parameters[0].flat)
    #expect(one.parameters.map(\.flat) == smaller.parameters.map(\.flat))
  }

  @Test func theUntiedTwinStartsAtTheSamePoint() throws {
    let tied = try prepared("").rightObjective()
    let untied = try prepared("--model untied-autoencoder").rightObjective()
    #expect(try tied.value() == untied.value())
    #expect(tied.input == untied.input)
    #expect(tied.network.chain.parameters.count == 3)
    #expect(untied.network.chain.parameters.count == 4)
  }

  @Test func everyModelHasItsUntiedTwin() throws {
    for model in ModelCatalogue.all where model.options.contains(.untied) && !model.isUntied {
      let tied = try prepared("--model \(model.name)").rightObjective()
      let untied = try prepared("--model \(model.name) --untied").rightObjective()
      #expect(try tied.value() == untied.value())
      #expect(untied.uses.count == untied.parameters.count)
      #expect(tied.parameters.count < untied.parameters.count)
      #expect(try prepared("--model \(model.name) --untied").name.contains("untied"))
    }
  }

  /// A model that nothing in this package has heard of.
  @Test func aModelOfOnesOwnIsPreparedAndCheckedLikeAnyOther() throws {
    var request = ModelRequest(model: MirrorModel(), seed: 3)
    request.features = 5
    request.choices.settings["turns"] = 2
    let model = try request.prepared(for: .check)
    #expect(model.name == "mirror 5-4 on random data")
    var settings = CheckSettings()
    settings.subjects = [UpdateSubject.standard[0], UpdateSubject.standard[5]]
    let result = try model.checkCase(settings).run(settings.options)
    #expect(result.verdict == .pass)
    #expect(
      result.tie.groups[0].paths.map(\.name)
        == ["mirror there 1", "mirror back 1", "mirror there 2", "mirror back 2"])
    #expect(result.structure!.questions.contains { $0.question.contains("saving and loading") })
    request.choices.settings["turns"] = 9
    #expect(throws: CommandError.self) { try request.prepared(for: .check) }
  }

  @Test func aSharedBiasNeedsASquareKernel() {
    for command in ["check --bias-shared", "summary --features 5 --hidden 5,3 --bias-shared"] {
      expectRefusal(
        tiecheck(command), 64,
        ["--bias-shared", "why it fails as soon as the kernel is not square"])
    }
    #expect(tiecheck("summary --features 5 --hidden 5 --bias-shared").status == 0)
  }

  @Test func moreThanThereIs() {
    expectRefusal(
      tiecheck("check --batch 1798"), 64, ["--batch is 1798, but digits has 1797 rows"])
    expectRefusal(
      tiecheck("check --data digits --features 65"), 64,
      ["--features is 65, but digits has 64 columns"])
    expectRefusal(
      tiecheck("check --model original --data digits"), 64, ["digits has 64 columns"])
  }

  @Test func targetsOfBinaryCrossEntropy() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("data.csv", "0.1,0.2\n0.3,1.5\n")
    expectRefusal(
      tiecheck("check --hidden 1 --data", path), 65,
      ["data.csv holds 1.5", "numbers in [0, 1]", "mean_squared_error"])
    let linear = tiecheck(
      "check --hidden 1 --output-activation identity --optimizers sgd --data", path)
    #expect(linear.status == 0, "\(linear.error)")
    expectRefusal(
      tiecheck("check \(small) --loss binary_cross_entropy --output-activation tanh --seed 2"), 65,
      ["expected probabilities in [0, 1]"])
  }
}

/// tanh(x W) W^T, a few times over, in one layer.
private struct Mirror<S: Scalar>: SavedLayer {
  let name: String
  var kernels: [Kernel<S>]
  var biases: [Parameter<S>] = []
  var slotNames: [String] {
    kernels.indices.map { "\($0 % 2 == 0 ? "there" : "back") \($0 / 2 + 1)" }
  }

  private func points(_ input: Matrix<S>) throws -> [Matrix<S>] {
    try kernels.enumerated().dropLast().reduce(into: [input]) { points, use in
      var next = try use.element.multiply(points.last!)
      if use.offset % 2 == 0 { next.apply(.tanh) }
      points.append(next)
    }
  }

  func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    try kernels.last!.multiply(points(input).last!)
  }

  func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let points = try points(input)
    var cotangent = cotangent
    for (i, kernel) in kernels.enumerated().reversed() {
      if i % 2 == 0 {
        try cotangent.multiplyByDerivative(of: .tanh, at: kernel.multiply(points[i]))
      }
      try gradients.addProduct(input: points[i], cotangent: cotangent, to: kernel)
      cotangent = try kernel.multiplyAdjoint(cotangent)
    }
    return cotangent
  }

  static var fileType: String { "mirror" }
  func write(to entry: inout LayerWriter<S>) {
    entry.whole(kernels.count, as: "uses")
    entry.kernels(kernels, as: "kernel")
  }
  static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    let uses = try entry.whole("uses", in: 2...100)
    return Mirror<T>(name: entry.name, kernels: try entry.kernels("kernel", count: uses))
  }
}

private struct MirrorModel: Model {
  let name = "mirror"
  let summary = "there and back on one kernel"
  var layers: [any SavedLayer.Type] { [Mirror<Double>.self] }
  let usual = ModelChoices(features: 6, hidden: [4], batch: 8)
  let options: Set<ModelOption> = [.features, .hidden, .untied]
  let settings = [ModelSetting("turns", "how often", whole: 1, in: 1...8)]
  let smallSizes: [ModelChoices] = []

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.whole("turns", of: self) <= 8 else { throw ModelChoiceError("too many turns.") }
  }
  func title(_ choices: ModelChoices) -> String {
    "mirror \(choices.features)-\(choices.hidden[0])"
  }
  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    [
      KernelShape(
        choices.features, choices.hidden[0], uses: 2 * choices.whole("turns", of: self))
    ]
  }
  func ties(_ choices: ModelChoices) -> [[String]] { [["mirror there 1", "mirror back 1"]] }
  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    let kernel = Kernel<S>("W", Models.glorot(choices.features, choices.hidden[0], random))
    let turns = choices.whole("turns", of: self)
    return Chain([
      Mirror(
        name: "mirror", kernels: (0..<turns).flatMap { _ in [kernel, kernel.transposed] })
    ])
  }
}
