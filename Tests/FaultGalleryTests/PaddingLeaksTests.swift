import GSLKit
import GradientCheck
import Testing
import TiedLayers
import TiedModels

@testable import FaultGallery

/// A language model whose batch holds padding, and a training that moves its row.
struct PaddingLeaksTests {
  private func model(_ seed: UInt64, tied: Bool = true) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.languageModel(
      vocabulary: 6, context: 2, width: 3, random: random)
    var input = Matrix<Double>(rows: 4, columns: 2)
    for i in input.elements.indices.dropFirst(3) {
      input.elements[i] = Double(1 + random.integer(below: 5))
    }
    var target = Matrix<Double>(rows: 4, columns: 6)
    for i in 0..<4 { target[i, 1 + random.integer(below: 5)] = 1 }
    return ChainObjective(
      Network(tied ? chain : chain.untied(), loss: .softmaxCrossEntropy), input: input,
      target: target)
  }

  private static let names = ["sgd", "momentum", "sgd_weight_decay", "rmsprop", "adamw"]

  /// Tied, and with a table of its own: the padding row stays, bit for bit.
  @Test(arguments: [true, false])
  func theRightTrainingKeepsTheRow(tied: Bool) throws {
    for seed: UInt64 in 1...3 {
      let objective = try model(seed, tied: tied)
      for result in try updates(objective, Self.names.map(subject)) {
        #expect(result.verdict == .pass, "\(result.findings)")
      }
      let table = objective.typedParameters[0]
      let start = table.values
      for name in Self.names {
        let trainer = subject(name).makeTrainer()
        try trainer.step(
          objective.parameters, contributions: UpdateCheck().contributions(objective))
      }
      #expect(table.values.row(0) == start.row(0))
      #expect(table.values != start)
    }
  }

  @Test func theLeakIsConvictedAndNamed() throws {
    for seed: UInt64 in 1...10 {
      let wrong = Self.names.map { PaddingLeaks().wrong(subject($0)) }
      for result in try updates(model(seed), wrong) {
        #expect(result.verdict == .fail)
        #expect(result.strayed == ["E"])
        #expect(result.explanations.map(\.id) == ["padding-leaks"], "seed \(seed)")
      }
    }
  }

  /// Without a fixed row in the optimizer's eyes everything moves: another name.
  @Test func aRowThatIsNotFixedAtAllIsNamedToo() throws {
    final class Forgetting: Trainer {
      let inner = OptimizerTrainer(SGD(learningRate: 0.1))
      func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
        for parameter in parameters { parameter.fixedRows = [] }
        defer { parameters[0].fixedRows = [0] }
        try inner.step(parameters, contributions: contributions)
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
      var stateSlots: Int { 0 }
    }
    for tied in [true, false] {
      let result = try updates(
        model(3, tied: tied),
        [UpdateSubject(.sgd(learningRate: 0.1), makeTrainer: { Forgetting() })])[0]
      #expect(result.explanations.map(\.id) == ["freeze-ignored"])
    }
  }

  /// The gradient check has nothing to say: what is fixed is no matter of derivatives.
  @Test func theGradientOfTheRowIsRight() throws {
    let result = try GradientChecker().check(model(5))
    #expect(result.verdict == .pass)
    #expect(result.parameters[0].entries[0].numeric != 0)
  }

  @Test func aModelWithoutAPaddingRowCannotHaveIt() throws {
    for objective in [try model(1, tied: false), try Setting.all[0].right(1)] {
      let error = #expect(throws: FaultNotApplicable.self) {
        try FaultInjection(PaddingLeaks()).wrong(objective)
      }
      #expect(error?.description.contains("Choose --model embedding.") == true)
    }
    #expect(throws: Never.self) { try FaultInjection(PaddingLeaks()).wrong(model(1)) }
  }
}
