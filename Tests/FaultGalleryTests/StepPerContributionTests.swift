import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

/// Steps once for each contribution, always with the same optimizer.
private final class StepPerContribution: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    for contribution in contributions {
      let used = parameters.indices.filter { contribution.gradients[$0] != nil }
      try trainer.step(
        used.map { parameters[$0] },
        contributions: [
          LayerContribution(
            layer: contribution.layer, gradients: used.map { contribution.gradients[$0] })
        ])
    }
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}

struct StepPerContributionTests {
  @Test func itIsToldFromAStateForEachUse() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let model = try Setting.all[0].right(seed)
      for name in ["momentum", "adam", "rmsprop"] {
        let right = subject(name)
        let wrong = right.replacingTrainer { StepPerContribution(right.makeTrainer()) }
        let result = try #require(try updates(model, [wrong]).first)
        #expect(result.verdict == .fail, "\(name)")
        #expect(result.explanations.map(\.id) == ["step-per-contribution"], "\(name)")
        #expect(try updates(model, [right]).allSatisfy { $0.verdict == .pass })
      }
      let sgd = subject("sgd")
      let harmless = sgd.replacingTrainer { StepPerContribution(sgd.makeTrainer()) }
      #expect(try updates(model, [harmless]).allSatisfy { $0.verdict == .pass })
    }
  }
}
