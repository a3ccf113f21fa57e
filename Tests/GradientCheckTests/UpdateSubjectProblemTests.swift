import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct UpdateSubjectProblemTests {
  private func problem(_ subjects: [UpdateSubject]) throws -> String? {
    let model = try autoencoder(1)
    do {
      _ = try UpdateCheck(steps: 1).check(model, gradient: try gradientResult(model), subjects)
      return nil
    } catch let problem as UpdateSubjectProblem {
      return problem.description
    }
  }

  private func sgd(_ reference: UpdateReference = .sgd(learningRate: 0.1), frozen: Set<String> = [])
    -> UpdateSubject
  {
    UpdateSubject(reference, frozen: Frozen(parameters: frozen)) {
      OptimizerTrainer(SGD(learningRate: 0.1))
    }
  }

  @Test func aGhostIsRefused() throws {
    #expect(try problem([sgd(frozen: ["V"])])?.contains("no parameter of that name") == true)
    #expect(try problem([sgd()]) == nil)
  }

  @Test func twoOptimizersOfOneNameAreRefused() throws {
    #expect(try problem([sgd(), sgd()])?.contains("two optimizers are called sgd") == true)
  }

  @Test(arguments: [
    (UpdateReference.rmsprop(learningRate: 0.1, smoothing: -5), "smoothing of -5"),
    (.adam(learningRate: .nan), "learning rate of nan"),
    (.adam(learningRate: 0.1, beta2: 1), "beta2 of 1"),
    (.sgd(learningRate: -0.1), "learning rate of -0.1"),
    (.momentum(learningRate: 0.1, momentum: 1.5), "momentum of 1.5"),
    (.sgd(learningRate: 0.1).clipped(to: 0), "clipping norm of 0"),
  ])
  func ratesThatNoOptimizerCanHaveAreRefused(reference: UpdateReference, says: String) throws {
    let said = try problem([sgd(reference)])
    #expect(said?.contains(says) == true, "\(said ?? "nothing")")
    #expect(said?.contains("expected") == true)
  }
}

struct ExtremeUpdateTests {
  /// Beyond the square root of the largest number nothing can be compared, and nobody is convicted.
  @Test(arguments: [1e155, 1e200, 1e298]) func hugeGradientsAreNotCompared(size: Double) throws {
    let model = FunctionObjective(
      at: [0.5, 0.25], loss: { x in size * (x[0] + x[1]) }, gradient: { _ in [size, size] })
    let objective = OpaqueObjective(model)
    let gradient = try gradientResult(objective)
    let result = try UpdateCheck(steps: 2).check(
      objective, gradient: gradient, UpdateSubject.standard)
    for optimizer in result.optimizers {
      #expect(optimizer.verdict != .fail, "\(optimizer.name): \(optimizer.findings)")
    }
    let adam = try #require(result.optimizers.first { $0.name == "adam" })
    #expect(adam.verdict == .inconclusive)
    #expect(adam.reason?.contains("beyond the largest number") == true)
  }

  @Test(arguments: [1e-155, 1e-200, 1e-308]) func tinyGradientsAreNoMistake(size: Double) throws {
    let model = FunctionObjective(
      at: [0, 0.25], loss: { x in size * (x[0] + x[1]) }, gradient: { _ in [size, size] })
    let objective = OpaqueObjective(model)
    let gradient = try gradientResult(objective)
    let result = try UpdateCheck(steps: 2).check(
      objective, gradient: gradient, UpdateSubject.standard)
    for optimizer in result.optimizers {
      #expect(optimizer.verdict != .fail, "\(optimizer.name): \(optimizer.findings)")
    }
  }

  /// |x| + |y| at (0, 0) with the slopes 1 and -1: each is that of a side, and no direction has their sum.
  @Test func atACornerTheSlopeAlongTheStepIsUndecided() throws {
    let model = FunctionObjective(
      at: [0, 0], loss: { x in abs(x[0]) + abs(x[1]) + 0.1 * x[0] }, gradient: { _ in [1.1, -1] })
    let objective = OpaqueObjective(model)
    let gradient = try gradientResult(objective)
    let result = try UpdateCheck(steps: 1).check(
      objective, gradient: gradient, [UpdateSubject.standard[0]])
    #expect(gradient.verdict != .fail)
    #expect(result.verdict != .fail)
  }
}
