import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

/// A gradient that is right at the described point, and what it does elsewhere.
@Suite struct SecondPointCheckTests {
  /// sum over sin of products of two vectors: every derivative depends on every parameter.
  private static func objective(
    _ gradient: @escaping ([Parameter<Double>]) throws -> [[Double]?] = {
      SecondPointCheckTests.right($0)
    }
  ) -> ClosureObjective {
    ClosureObjective(
      [Parameter("u", [0.3, -0.7, 1.1]), Parameter("v", [0.9, 0.4, -0.6])],
      loss: { p in
        let (u, v) = (p[0].flat, p[1].flat)
        return zip(u, v).reduce(0) { $0 + sin($1.0 * $1.1) + 0.5 * $1.0 * $1.0 }
      }, gradient: gradient)
  }

  private static func right(_ p: [Parameter<Double>]) -> [[Double]] {
    let (u, v) = (p[0].flat, p[1].flat)
    return [
      zip(u, v).map { $1 * cos($0 * $1) + $0 }, zip(u, v).map { $0 * cos($0 * $1) },
    ]
  }

  private func check(_ objective: any Objective, _ options: CheckOptions = CheckOptions()) throws
    -> GradientResult
  {
    try GradientChecker(options).check(objective)
  }

  @Test func aRightGradientPassesAtBothPointsAtASmallCost() throws {
    let result = try check(Self.objective())
    #expect(result.verdict == .pass)
    #expect(result.secondPoint?.verdict == .pass)
    #expect(result.secondPoint?.parameters.map(\.name) == ["u", "v"])
    #expect(result.secondPoint?.told == ["u", "v"])
    #expect(result.secondPoint!.evaluations <= 20)
    let without = try check(Self.objective(), CheckOptions(secondPoint: false))
    #expect(without.secondPoint == nil)
    #expect(result.evaluations == without.evaluations + result.secondPoint!.evaluations)
  }

  @Test(arguments: ["autoencoder", "float", "directions"])
  func aNetworkCostsAtMost15PercentMore(kind: String) throws {
    let options = CheckOptions(
      rtol: kind == "float" ? 1e-2 : 1e-6, directions: kind == "directions" ? 4 : nil)
    let result = try check(
      kind == "float" ? tiedPair(20, 8, as: Float.self) : tiedPair(20, 8, as: Double.self), options)
    #expect(result.verdict == .pass)
    #expect(result.secondPoint?.verdict == .pass)
    #expect(Double(result.secondPoint!.evaluations) < 0.15 * Double(result.evaluations))
  }

  private func tiedPair<S: Scalar>(_ inputs: Int, _ units: Int, as type: S.Type)
    -> ChainObjective<S>
  {
    let random = RandomSource(seed: 5)
    let kernel: Parameter<S> = Parameter(
      "W", random.matrix(rows: inputs, columns: units, -0.4, 0.4))
    let encoder = Dense(
      "encoder", kernel: Kernel(kernel), bias: Parameter("b", [S](repeating: 0.1, count: units)),
      activation: .tanh)
    let decoder = Dense(
      "decoder", kernel: Kernel(kernel).transposed,
      bias: Parameter("c", [S](repeating: 0, count: inputs)), activation: .identity)
    let x: Matrix<S> = random.matrix(rows: 8, columns: inputs, 0, 1)
    return ChainObjective(
      Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: x, target: x)
  }

  // MARK: Wrong elsewhere

  /// Ways of being right at the described point and wrong at the second.
  enum Stale: String, CaseIterable {
    case ofTheCallBefore, atTheFirstCallOnly, keptForever, whileTheFirstParameterStays
    case whileTheSecondParameterStays, whileTheFirstElementStays, atThePointOnly,
      closeToThePointOnly
    case atARoundedPoint
  }

  private static func objective(_ stale: Stale) -> ClosureObjective {
    let start = objective().typed.map(\.flat)
    var kept: (key: [Double], claim: [[Double]])?
    var calls = 0
    func keeping(_ key: [Double], _ p: [Parameter<Double>]) -> [[Double]] {
      if kept?.key != key { kept = (key, right(p)) }
      return kept!.claim
    }
    func doubled(_ p: [Parameter<Double>], if isWrong: Bool) -> [[Double]] {
      right(p).map { $0.map { isWrong ? 2 * $0 : $0 } }
    }
    return objective { p in
      calls += 1
      switch stale {
      case .ofTheCallBefore:
        let before = kept?.claim
        kept = ([], right(p))
        return before ?? right(p)
      case .atTheFirstCallOnly: return doubled(p, if: calls > 1)
      case .keptForever: return keeping([], p)
      case .whileTheFirstParameterStays: return keeping(p[0].flat, p)
      case .whileTheSecondParameterStays: return keeping(p[1].flat, p)
      case .whileTheFirstElementStays: return keeping([p[0][0]], p)
      case .atThePointOnly: return doubled(p, if: p.map(\.flat) != start)
      case .closeToThePointOnly: return doubled(p, if: abs(p[0][1] - start[0][1]) > 4e-4)
      case .atARoundedPoint:
        return right(
          p.map { Parameter($0.name, $0.flat.map { (10 * $0).rounded() / 10 }) })
      }
    }
  }

  @Test(arguments: Stale.allCases)
  func whatIsRightAtTheDescribedPointOnlyFails(stale: Stale) throws {
    let first = try check(Self.objective(stale), CheckOptions(secondPoint: false))
    #expect(first.verdict == .pass, "otherwise the second point is not what convicts")
    let result = try check(Self.objective(stale))
    #expect(result.verdict == .fail)
    #expect(result.parameters.allSatisfy { $0.verdict == .pass })
    #expect(result.secondPoint?.verdict == .fail)
    #expect(result.reason?.contains("second point") == true)
    #expect(result.reason?.contains("at the described point it is not") == true)
  }

  @Test func aStaleGradientFailsAlongDirectionsToo() throws {
    let result = try check(Self.objective(.keptForever), CheckOptions(directions: 2))
    #expect(result.verdict == .fail)
    #expect(result.secondPoint?.verdict == .fail)
  }

  // MARK: Zero at the described point

  /// v u x with both at zero: as an adapter of low rank begins, but for both factors.
  private func product(_ factor: Double, u: [Double] = [0, 0], v: [Double] = [0, 0])
    -> ClosureObjective
  {
    ClosureObjective(
      [Parameter("u", u), Parameter("v", v)],
      loss: { p in 0.5 + p[0][0] * p[1][0] - 2 * p[0][1] * p[1][1] },
      gradient: { p in
        [[factor * p[1][0], -2 * p[1][1]], [p[0][0], -2 * p[0][1]]]
      })
  }

  @Test func aZeroGradientIsDecidedAtTheSecondPoint() throws {
    let right = try check(product(1))
    #expect(right.verdict == .pass)
    #expect(right.reason?.contains("is zero at this point") == true)
    #expect(right.reason?.contains("agree") == true)
    let wrong = try check(product(2))
    #expect(wrong.verdict == .fail)
    #expect(wrong.reason?.contains("gradient of u is wrong") == true)
  }

  @Test func oneZeroFactorIsDecidedAtTheSecondPointToo() throws {
    #expect(try check(product(1, v: [0.5, 0.7])).verdict == .pass)
    #expect(try check(product(1, v: [0.5, 0.7])).secondPoint?.told == ["u", "v"])
    let wrong = try check(product(2, u: [0.5, 0.7]))
    #expect(wrong.parameters[0].verdict != .fail && wrong.verdict == .fail)
  }

  @Test func whatIsZeroAtBothPointsStaysVacuous() throws {
    let dead = ClosureObjective(
      [Parameter("x", [-10, -11])], loss: { p in p[0].flat.reduce(1) { $0 + max($1, 0) } },
      gradient: { p in [p[0].flat.map { $0 > 0 ? 1 : 0 }] })
    let result = try check(dead)
    #expect(result.verdict == .vacuous)
    #expect(result.reason?.contains("at a second point close to it") == true)
  }

  // MARK: Where there is no second point

  @Test func aLossThatEndsBesideThePointIsNoFault() throws {
    struct OutOfDomain: Error {}
    let start = [0.5, 2.0]
    let objective = ClosureObjective(
      [Parameter("x", start)],
      loss: { p in
        // Evaluated close to the point alone, on either side.
        guard zip(p[0].flat, start).allSatisfy({ abs($0 - $1) < 1e-4 }) else { throw OutOfDomain() }
        return p[0].flat.reduce(0) { $0 + $1.squareRoot() }
      }, gradient: { p in [p[0].flat.map { 0.5 / $0.squareRoot() }] })
    let found = try SecondPointCheck(
      objective, CheckOptions(), first: [], noise: 1e-16, wholeScale: 1, value: objective.value
    ).value(at: SecondPoint(objective.parameters, seed: 1))
    #expect(found == nil)
  }

  @Test func aModelThatCannotBeEvaluatedAnyMoreIsNoVerdict() throws {
    let objective = Tampered(Self.objective())
    let calls = try check(objective, CheckOptions(secondPoint: false)).evaluations
    let broken = Tampered(Self.objective())
    broken.throwingFrom = calls + 1
    #expect(throws: Interruption.self) { try check(broken) }
  }
}
