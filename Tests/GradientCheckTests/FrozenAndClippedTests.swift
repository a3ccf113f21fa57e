import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// Right trainings with clipping and freezing agree with their references; wrong ones have a name.
struct FrozenAndClippedTests {
  private func result(_ subject: UpdateSubject, seed: UInt64 = 1) throws -> UpdateResult {
    let objective = try autoencoder(seed)
    return try UpdateCheck(steps: 4).check(
      objective, gradient: try gradientResult(objective), [subject])
  }

  private func names(_ result: UpdateResult) -> [String] {
    Array(Set(UpdateHypothesis.diagnoses(result).map(\.id)))
  }

  @Test(arguments: [1e-3, 0.05, 1e6])
  func clippingAgreesWithItsReference(norm: Double) throws {
    for seed: UInt64 in 1...5 {
      let right = [
        UpdateSubject(
          .sgd(learningRate: 0.1).clipped(to: norm),
          makeOptimizer: { Clipping(SGD(learningRate: 0.1), norm: norm) }),
        UpdateSubject(
          .adam(learningRate: 0.1).clipped(to: norm),
          makeOptimizer: { Clipping(Adam(learningRate: 0.1), norm: norm) }),
      ]
      for subject in right {
        #expect(try result(subject, seed: seed).verdict == .pass, "\(subject.name)")
      }
    }
  }

  @Test func whatDoesNotClipIsSeen() throws {
    let found = try result(
      UpdateSubject(
        .sgd(learningRate: 0.1).clipped(to: 1e-3), makeOptimizer: { SGD(learningRate: 0.1) }))
    #expect(found.verdict == .fail)
    #expect(names(found) == ["unexplained"])
  }

  @Test func freezingAgreesWithItsReference() throws {
    for frozen in [Frozen(parameters: ["W"]), Frozen(parameters: ["b"]), Frozen(firstUse: true)] {
      for seed: UInt64 in 1...5 {
        let found = try result(
          UpdateSubject(
            .adamw(learningRate: 0.01), frozen: frozen,
            makeTrainer: {
              Freezing(
                OptimizerTrainer(Adam(learningRate: 0.01, decoupledDecay: 0.01)), frozen)
            }), seed: seed)
        #expect(found.verdict == .pass, "\(frozen): \(found.optimizers[0].findings)")
      }
    }
  }

  @Test func aFrozenParameterThatMovesIsNamed() throws {
    let found = try result(
      UpdateSubject(
        .sgd(learningRate: 0.1), frozen: Frozen(parameters: ["W"]),
        makeTrainer: { OptimizerTrainer(SGD(learningRate: 0.1)) }))
    #expect(found.verdict == .fail)
    #expect(names(found) == ["freeze-ignored"])
  }

  /// A zero gradient is no freezing: decay goes on.
  @Test func aParameterThatOnlyDecaysIsNotFrozen() throws {
    final class Zeroing: Trainer {
      let inner = OptimizerTrainer(Adam(learningRate: 0.01, decoupledDecay: 0.01))
      func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
        try inner.step(
          parameters,
          contributions: contributions.map { contribution in
            LayerContribution(
              layer: contribution.layer,
              gradients: zip(parameters, contribution.gradients).map { parameter, gradient in
                parameter.name == "W" ? gradient?.map { _ in 0 } : gradient
              })
          })
      }
      func state(of parameter: any AnyParameter) -> [String: [Double]] {
        inner.state(of: parameter)
      }
      var stateSlots: Int { inner.stateSlots }
    }
    let found = try result(
      UpdateSubject(
        .adamw(learningRate: 0.01), frozen: Frozen(parameters: ["W"]),
        makeTrainer: { Zeroing() }))
    #expect(found.verdict == .fail)
  }
}
