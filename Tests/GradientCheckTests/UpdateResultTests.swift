import Foundation
import Testing
import TiedLayers

@testable import GradientCheck

struct UpdateResultTests {
  @Test func theRecordNamesItsParts() throws {
    let model = try autoencoder(1)
    let result = try UpdateCheck(steps: 2).check(
      model, gradient: try gradientResult(model), UpdateSubject.standard)
    let data = try JSONEncoder().encode(result)
    let read = try JSONDecoder().decode(UpdateResult.self, from: data)
    #expect(
      read.optimizers.map(\.name)
        == ["sgd", "momentum", "nesterov", "sgd_weight_decay", "rmsprop", "adam", "adamw"])
    #expect(read.optimizers.allSatisfy { $0.drift.count == 3 && $0.steps == 2 })
    #expect(read.fixed == nil)
    let text = String(decoding: data, as: UTF8.self)
    for key in ["max_difference", "state_slots", "expected_state_slots", "full_step", "seen_by"] {
      #expect(text.contains("\"\(key)\""))
    }
  }

  @Test func fixedRowsAreTold() throws {
    let model = try autoencoder(1)
    model.typedParameters[0].fixedRows = [2, 0]
    let result = try UpdateCheck(steps: 2).check(
      model, gradient: try gradientResult(model), [UpdateSubject.standard[0]])
    #expect(result.verdict == .pass)
    #expect(result.fixed?.map(\.parameter) == ["W"])
    #expect(result.fixed?.map(\.rows) == [[0, 2]])
  }

  /// However little: what must stay is compared bit for bit.
  @Test func aFixedRowThatMovesByOneUnitInTheLastPlaceIsSeen() throws {
    final class Nudging: Trainer {
      let inner = OptimizerTrainer(SGD(learningRate: 0.1))
      func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
        try inner.step(parameters, contributions: contributions)
        parameters[0][0] = parameters[0][0].nextUp
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
      var stateSlots: Int { 0 }
    }
    for (rows, verdict) in [(Set([0]), Verdict.fail), ([], .pass)] {
      let model = try autoencoder(1)
      model.typedParameters[0].fixedRows = rows
      let result = try UpdateCheck(steps: 1).check(
        model, gradient: try gradientResult(model),
        [UpdateSubject(.sgd(learningRate: 0.1), makeTrainer: { Nudging() })])
      #expect(result.verdict == verdict)
    }
  }
}
