import Testing
import TiedLayers
import TiedLayersTestSupport

struct FreezingTests {
  private let w = Parameter<Double>("W", [1, 2])
  private let b = Parameter<Double>("b", [3])
  private let contributions = [
    LayerContribution(layer: "encoder", gradients: [[1, 1], [5]]),
    LayerContribution(layer: "decoder", gradients: [[10, 10], nil]),
  ]

  /// Neither momentum nor decay moves what is frozen, and no state is kept for it.
  @Test func aFrozenParameterStaysAndItsStateToo() throws {
    let trainer = Freezing(
      OptimizerTrainer(SGD(learningRate: 1, momentum: 0.9, weightDecay: 0.5)),
      Frozen(parameters: ["W"]))
    for _ in 0..<3 { try trainer.step([w, b], contributions: contributions) }
    #expect(w.flat == [1, 2])
    #expect(b.flat != [3])
    #expect(trainer.stateSlots == 1)
    #expect(trainer.state(of: w).isEmpty)
    #expect(!trainer.state(of: b).isEmpty)
  }

  @Test func aFrozenUseDoesNotCountAndTheOtherGoesOn() throws {
    let trainer = Freezing(
      OptimizerTrainer(SGD(learningRate: 1)), Frozen(firstUse: true))
    try trainer.step([w, b], contributions: contributions)
    #expect(w.flat == [-9, -8])
    // What only one layer uses has no other use that could go on: it is not frozen.
    #expect(b.flat == [-2])
  }

  @Test func nothingFrozenIsTheTrainerItself() throws {
    let (left, right) = (w.copy(named: "W"), w.copy(named: "W"))
    try Freezing(OptimizerTrainer(SGD(learningRate: 1)), Frozen()).step(
      [left, b], contributions: contributions)
    try OptimizerTrainer(SGD(learningRate: 1)).step(
      [right, b], contributions: contributions)
    #expect(left.flat == right.flat)
  }
}
