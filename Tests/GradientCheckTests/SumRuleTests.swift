import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// Claims by use that come from another computation than the whole gradient.
private final class ClaimedApart: PathObjective {
  let base: LossByUse
  let change: (inout [[Double]?]) -> Void
  let claimsByUseAreSeparate: Bool

  init(_ base: LossByUse, separate: Bool, _ change: @escaping (inout [[Double]?]) -> Void) {
    self.base = base
    self.change = change
    claimsByUseAreSeparate = separate
  }

  var parameters: [any AnyParameter] { base.parameters }
  var uses: [Use] { base.uses }
  var layerNames: [String] { base.layerNames }
  func value() throws -> Double { try base.value() }
  func gradients() throws -> [[Double]?] { try base.gradients() }
  func gradientsByUse() throws -> [[Double]?] {
    var claims = try base.gradientsByUse()
    change(&claims)
    return claims
  }
  func pathFunction(_ use: Use) throws -> PathFunction { try base.pathFunction(use) }
}

/// e0^2 d1 + sin(d0), with the right claims of both uses, each changed by `error`.
private func product(error: Double = 0) -> LossByUse {
  LossByUse(
    [0.3, 0.7], [1],
    claims: { w, _ in
      [[2 * w[0] * w[1] + error, 0], [cos(w[0]) - error, w[0] * w[0]]]
    }
  ) { e, d, _ in e[0] * e[0] * d[1] + sin(d[0]) }
}

private func group(_ objective: any PathObjective) throws -> TieGroup {
  try tieResult(objective).groups[0]
}

struct SumRuleTests {
  @Test func rightClaimsAddUp() throws {
    let group = try group(product())
    #expect(group.verdict == .pass)
    #expect(group.sumRule.maxClaimedError ?? 1 < 1e-15)
  }

  /// Two errors that cancel: the whole is right, and both uses are wrong. It has a name.
  @Test func errorsThatCancelAreFoundInThePaths() throws {
    let tie = try tieResult(product(error: 0.01))
    let group = tie.groups[0]
    #expect(group.sumRule.verdict == .pass)
    #expect(group.paths.map(\.verdict) == [.fail, .fail])
    #expect(tie.diagnoses.map(\.id) == ["wrong-contribution"])
  }

  /// Parts of 1e6 that cancel to 1: the rounding of the parts is no error of the sum.
  @Test func aSumIsComparedOnTheScaleOfItsParts() throws {
    let large = 1e6
    func model(_ error: Double) -> LossByUse {
      LossByUse(
        [0.3, 0.7], [1],
        claims: { _, _ in [[large, 0.5], [1 - large * (1 + error), 0.25]] }
      ) { e, d, _ in large * e[0] + 0.5 * e[1] + (1 - large) * d[0] + 0.25 * d[1] }
    }
    #expect(try group(model(0)).verdict == .pass)
    let slightlyOff = ClaimedApart(model(0), separate: false) { $0[1]![0] += 0.1 }
    #expect(try group(slightlyOff).sumRule.verdict == .pass)
    let farOff = ClaimedApart(model(0), separate: false) { $0[1]![0] += 100 }
    #expect(try group(farOff).sumRule.verdict == .fail)
  }

  /// A layer's own backward pass is what is added up. A program's claims by use are not.
  @Test func claimsThatComeFromAnotherComputationAreNotCompared() throws {
    let zero: (inout [[Double]?]) -> Void = { $0[1] = [0, 0] }
    let native = try group(ClaimedApart(product(), separate: false, zero))
    #expect(native.verdict == .fail && native.claimsAreApart == nil)
    let tie = try tieResult(ClaimedApart(product(), separate: true, zero))
    let apart = tie.groups[0]
    #expect(apart.verdict == .pass && apart.claimsAreApart == true)
    #expect(apart.paths.map(\.claimedNorm) == [nil, nil])
    #expect(tie.remarks.contains { $0.sentence.contains("cannot be told apart") })
    // Claims that add up are compared, wherever they come from.
    let cancelling = try group(ClaimedApart(product(error: 0.01), separate: true) { _ in })
    #expect(cancelling.verdict == .fail && cancelling.claimsAreApart == nil)
  }

  /// max(e, d) is at a corner for each use alone, and at none for both together.
  @Test func acrossACornerTheMeasuredRuleIsUndecided() throws {
    let corner = LossByUse([0.3, 0.7], [1]) { e, d, _ in max(e[0], d[0]) + e[1] * d[1] }
    #expect(try group(corner).sumRule.verdict != .fail)
  }

  /// The wrong twin: a third place reads W, whichever use is moved.
  @Test func aThirdReaderBreaksTheMeasuredRule() throws {
    let kernel = Parameter<Double>("W", [0.3, 0.7])
    let third = LossByUse(kernel, [1]) { e, d, _ in e[0] * d[1] + sin(3 * kernel[0]) }
    let tie = try tieResult(third)
    #expect(tie.groups[0].sumRule.verdict == .fail)
    #expect(tie.diagnoses.isEmpty)
    var group = tie.groups[0]
    group.wholePasses = true
    let named = TieResult(
      verdict: .fail, groups: [group], missing: [], unmeant: [], copies: [], undeclared: [])
    #expect(named.diagnoses.map(\.id) == ["undeclared-use"])
  }
}

struct PathSecondPointTests {
  /// Claims computed with what W was when the model was made: right there, wrong close by.
  @Test func aClaimThatIsRightAtOnePointOnlyFails() throws {
    let start = [0.3, 0.7]
    func model(stale: Bool) -> LossByUse {
      LossByUse(
        start, [1],
        claims: { w, _ in
          let second = stale ? start : w
          let right = [[2 * w[0] * w[1], 0], [cos(w[0]), w[0] * w[0]]]
          let dec = [cos(second[0]), second[0] * second[0]]
          return [zip(right[0], zip(right[1], dec)).map { $0 + $1.0 - $1.1 }, dec]
        }
      ) { e, d, _ in e[0] * e[0] * d[1] + sin(d[0]) }
    }
    let right = try group(model(stale: false))
    #expect(right.verdict == .pass)
    #expect(right.secondPoint?.map(\.verdict) == [.pass, .pass])
    let tie = try tieResult(model(stale: true))
    #expect(tie.groups[0].paths.map(\.verdict) == [.pass, .pass])
    #expect(tie.groups[0].verdict == .fail)
    #expect(tie.diagnoses.map(\.id) == ["wrong-contribution"])
    #expect(tie.diagnoses[0].sentence.contains("not at a point close by"))
  }

  /// Behind a shut gate zero is the right claim, and no evidence: close by it is one.
  @Test func aLostPathBehindAShutGateIsFound() throws {
    func model(lost: Bool) -> LossByUse {
      LossByUse(
        [0.3, 0.7], [0], claims: { w, g in [[2 * w[0], 0], [0, lost ? 0 : g[0] * cos(w[1])]] }
      ) { e, d, g in e[0] * e[0] + g[0] * sin(d[1]) }
    }
    #expect(try group(model(lost: false)).verdict == .pass)
    let wrong = try group(model(lost: true))
    #expect(wrong.paths.map(\.verdict) == [.pass, .pass])
    #expect(wrong.secondPoint?.map(\.verdict) == [.pass, .fail])
    #expect(wrong.verdict == .fail)
  }
}

struct ManyUsesTests {
  @Test func aSampleOfManyUsesIsMeasured() throws {
    let tie = try tieResult(repeated(1, uses: 90))
    let group = tie.groups[0]
    #expect(group.uses.count == TieCheck.mostUses)
    #expect(group.unmeasuredUses == 90 - TieCheck.mostUses)
    #expect(group.identity?.verdict == .pass)
    #expect(group.uses.first?.name != group.uses.last?.name)
    #expect(tie.verdict != .fail)
    #expect(tie.remarks.contains { $0.sentence.contains("90 uses") })
  }

  @Test func aCheckThatIsInterruptedDecidesNothing() throws {
    let model = try autoencoder(1)
    let gradient = try gradientResult(model)
    let progress = CheckProgress()
    progress.cancel()
    let options = CheckOptions(progress: progress)
    let before = bits(model.parameters)
    let tie = try TieCheck(options).check(model, gradient: gradient)
    #expect(tie.verdict == .inconclusive)
    let updates = try UpdateCheck(options).check(
      model, gradient: gradient, UpdateSubject.standard)
    #expect(updates.verdict == .inconclusive)
    #expect(updates.optimizers.allSatisfy { $0.reason?.contains("interrupted") == true })
    #expect(bits(model.parameters) == before)
  }
}
