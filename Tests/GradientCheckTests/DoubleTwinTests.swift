import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

/// Slope 0.1 within 1e-6 of zero, 0.2 outside: corners that Float's noise hides. In Double they show.
private final class HiddenCorners<S: Scalar>: Objective {
  let parameter = Parameter<S>("x", [0, 0.5])
  let claim: [Double]
  let hasTwin: Bool

  init(claim: [Double], hasTwin: Bool) {
    self.claim = claim
    self.hasTwin = hasTwin
  }

  var parameters: [any AnyParameter] { [parameter] }
  func value() throws -> Double {
    let (x, y) = (parameter.values.elements[0], parameter.values.elements[1])
    let inner = max(min(x, S(1e-6)), S(-1e-6))
    return Double(S(1) + S(0.2) * x - S(0.1) * inner + S(0.1) * y)
  }
  func gradients() throws -> [[Double]?] { [claim] }
  func doubleTwin() -> (any Objective)? {
    hasTwin ? HiddenCorners<Double>(claim: claim, hasTwin: false) : nil
  }
}

struct DoubleTwinTests {
  private func check(_ claim: [Double], hasTwin: Bool, inDouble: Bool = false) throws
    -> GradientResult
  {
    try GradientChecker(CheckOptions(rtol: 1e-2, secondPoint: false, measuresInDouble: inDouble))
      .check(
        HiddenCorners<Float>(claim: claim, hasTwin: hasTwin))
  }

  @Test func cornersThatFloatCannotSeeConvictNobodyWhereDoubleSeesThem() throws {
    // Without a twin this right claim is convicted: that is what the twin is for.
    #expect(try check([0.1, 0.1], hasTwin: false).verdict == .fail)
    let result = try check([0.1, 0.1], hasTwin: true)
    let entry = result.parameters[0].entries[0]
    #expect(entry.verdict != .fail)
    #expect(result.parameters[0].entries[1].verdict == .pass)
    // Measured in Double from the start it passes, and what Float would have passed fails.
    #expect(try check([0.1, 0.1], hasTwin: true, inDouble: true).verdict == .pass)
    #expect(try check([0.2, 0.1], hasTwin: true, inDouble: true).verdict == .fail)
  }

  @Test func whatDoubleExcludesAsWellIsConvicted() throws {
    // 0.2 is what Float measures, and wrong; 0.3 is wrong for both.
    for claim in [0.3, -0.1] {
      let entry = try check([claim, 0.1], hasTwin: true).parameters[0].entries[0]
      #expect(entry.verdict == .fail, "\(claim)")
    }
  }

  @Test func aNetworkInFloatHasATwinAtItsPointAndOneInDoubleHasNone() throws {
    let chain = try Models.autoencoder(
      features: 6, hidden: [3], tied: true, random: RandomSource(seed: 5), as: Float.self)
    let input: Matrix<Float> = RandomSource(seed: 6).matrix(rows: 4, columns: 6, 0.1, 0.9)
    let float = ChainObjective(
      Network(chain, loss: .binaryCrossEntropy), input: input, target: input)
    let twin = try #require(float.doubleTwin() as? ChainObjective<Double>)
    #expect(twin.parameters.map(\.flat) == float.parameters.map(\.flat))
    #expect(twin.uses == float.uses)
    #expect(abs(try twin.value() - float.value()) < 1e-5)
    #expect(twin.doubleTwin() == nil)
    // It shares nothing: what is changed here stays here.
    twin.parameters[0][0] += 1
    #expect(twin.parameters[0][0] != float.parameters[0][0])
  }

  @Test(arguments: [0, 3])
  func aWrongFloatNetworkIsConvictedEntryByEntryAndAlongDirections(directions: Int) throws {
    let chain = try Models.autoencoder(
      features: 6, hidden: [3], tied: true, random: RandomSource(seed: 5), as: Float.self)
    let input: Matrix<Float> = RandomSource(seed: 6).matrix(rows: 4, columns: 6, 0.1, 0.9)
    let float = ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: input)
    let options = CheckOptions(rtol: 1e-2, directions: directions)
    #expect(try GradientChecker(options).check(float).verdict == .pass)
    let wrong = Tampered(float) { $0[0] = $0[0]!.map { 1.5 * $0 } }
    #expect(wrong.doubleTwin() != nil)
    #expect(try GradientChecker(options).check(wrong).parameters[0].verdict == .fail)
  }
}
