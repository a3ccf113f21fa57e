import Foundation
import Testing

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
    let text = String(decoding: data, as: UTF8.self)
    for key in ["max_difference", "state_slots", "expected_state_slots", "full_step", "seen_by"] {
      #expect(text.contains("\"\(key)\""))
    }
  }
}
