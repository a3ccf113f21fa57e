import Foundation
import Testing

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
