import GradientCheck
import GradientCheckTesting
import Testing
import TiedLayers

/// Steps once for each layer that contributed.
private final class PerLayer: Trainer {
  private let optimizer = Adam(learningRate: 0.01)

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    for contribution in contributions {
      try optimizer.step(parameters, sum(of: [contribution], for: parameters))
    }
  }
  func state(of parameter: any AnyParameter) -> [String: [Double]] {
    optimizer.state(of: parameter)
  }
  var stateSlots: Int { optimizer.stateSlots }
}

struct ExpectUpdatesTests {
  @Test func anOptimizerThatIsTheReferencePasses() throws {
    let objective = try pair(seed: 4)
    let found = expectUpdates(
      of: objective, with: { Adam(learningRate: 0.01) }, matching: .adam(learningRate: 0.01))
    let result = try #require(found)
    #expect(result.updates.optimizers.map(\.name) == ["adam"])
    #expect(result.tie.groups.isEmpty && result.structure == nil)
    expectUpdates(
      of: objective, training: { OptimizerTrainer(SGD(learningRate: 0.1)) },
      matching: .sgd(learningRate: 0.1), steps: 3)
  }

  @Test func anotherRateAndAStepForEachLayerFailOnce() throws {
    let objective = try pair(seed: 4)
    let said = collectingFailures {
      expectUpdates(
        of: objective, with: { SGD(learningRate: 0.2) }, matching: .sgd(learningRate: 0.1))
      expectUpdates(
        of: objective, training: { PerLayer() }, matching: .adam(learningRate: 0.01))
    }
    #expect(said.count == 2)
    #expect(said[0].contains("through encoder alone"))
    #expect(said[0].hasSuffix("tiecheck faults stepped-twice") || said[0].contains("twice"))
    #expect(said[1].contains("W"))
  }

  @Test func plainFunctionsAreTrainedToo() {
    let objective = FunctionObjective(
      at: [1, 2], loss: { x in x[0] * x[0] * x[1] },
      gradient: { x in [2 * x[0] * x[1], x[0] * x[0]] })
    expectUpdates(
      of: objective, with: { RMSProp(learningRate: 0.01) },
      matching: .rmsprop(learningRate: 0.01))
  }
}
