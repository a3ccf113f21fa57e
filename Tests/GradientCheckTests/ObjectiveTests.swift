import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct ObjectiveTests {
  @Test func aChangedElementIsPutBackBitForBit() throws {
    let objective = try autoencoder(1)
    let parameter = objective.parameters[0]
    parameter[3] = -0.0
    let before = bits(objective.parameters)
    let value = try objective.value()
    #expect(try objective.value(changing: parameter, entry: 3, to: 0.5) != value)
    #expect(bits(objective.parameters) == before)
    let failing = ClosureObjective(
      [Parameter("x", [-0.0])], loss: { _ in throw Interruption() }, gradient: { _ in [] })
    #expect(throws: Interruption.self) {
      try failing.value(changing: failing.parameters[0], entry: 0, to: 1)
    }
    #expect(failing.parameters[0][0].sign == .minus)
  }

  @Test func aFunctionObjectiveSeesItsPresentPoint() throws {
    let objective = FunctionObjective(
      at: [1, 2], named: "weights", loss: { $0[0] * $0[1] }, gradient: { [$0[1], $0[0]] })
    #expect(try objective.value() == 2)
    objective.parameters[0][1] = 5
    #expect(try objective.value() == 5)
    #expect(try objective.gradients() == [[5, 1]])
    #expect(objective.parameters[0].name == "weights")
  }
}
