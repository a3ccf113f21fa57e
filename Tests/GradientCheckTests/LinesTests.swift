import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct LinesTests {
  @Test func directionsKeepAwayFromZeroAndFromOneAnother() {
    let lines = Lines(count: 4, entries: 1000, seed: 3, tensor: 0)
    for v in lines.vectors {
      #expect(v.allSatisfy { (0.5...1.5).contains(abs($0)) })
      #expect((400...600).contains(v.count { $0 < 0 }))
    }
    #expect(Set(lines.vectors.map { $0[0] }).count == 4)
    #expect(Lines(count: 4, entries: 1000, seed: 3, tensor: 1).vectors[0] != lines.vectors[0])
    #expect(Lines(count: 4, entries: 1000, seed: 3, tensor: 0).vectors == lines.vectors)
  }

  @Test func theScaleOfAnEntryFollowsFromTheSlopes() {
    let random = RandomSource(seed: 5)
    let gradient = (0..<400).map { _ in random.normal() }
    let lines = Lines(count: 400, entries: 400, seed: 1, tensor: 0)
    let slopes = lines.project(gradient)!
    let scale = Lines.entryScale(rootMeanSquare(slopes), entries: 400)
    #expect(abs(scale / rootMeanSquare(gradient) - 1) < 0.15)
    #expect(lines.project([1, 2]) == nil)
  }

  /// The bound on the miss probability: for errors of two entries that nearly cancel, too.
  @Test func errorsAreMissedNoMoreOftenThanIsSaid() {
    let (e, threshold) = (1.0, 0.2)
    var missed = 0
    let trials = 20_000
    for seed in 0..<trials {
      let v = Lines(count: 1, entries: 2, seed: UInt64(seed), tensor: 0).vectors[0]
      if abs(v[0] * e - v[1] * e) <= threshold { missed += 1 }
    }
    let report = DirectionReport(count: 1, threshold: threshold, certified: 0, unresolved: [])
    #expect(Double(missed) / Double(trials) <= report.missProbability(ofError: e) * 1.02)
    #expect(Double(missed) / Double(trials) > 0.5 * report.missProbability(ofError: e))
    let three = DirectionReport(count: 3, threshold: threshold, certified: 0, unresolved: [])
    #expect(abs(three.missProbability(ofError: 1) - 0.008) < 1e-12)
  }

  private func check(_ objective: any Objective, _ directions: Int? = 4) throws -> GradientResult {
    try GradientChecker(CheckOptions(directions: directions)).check(objective)
  }

  /// What is called tau: a larger difference along a direction does not pass, and is convicted here. The constant makes noise, and not the tolerance, what limits it.
  @Test func whatIsAboveTheThresholdIsConvicted() throws {
    var convicted = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      func check(_ error: Double) throws -> TensorResult {
        let objective = FunctionObjective(
          at: [0.3, -0.7, 1.1], loss: { x in 1e6 + x.reduce(0) { $0 + sin($1) } },
          gradient: { x in x.map(cos).enumerated().map { $1 + ($0 == 1 ? error : 0) } })
        return try GradientChecker(CheckOptions(seed: seed, directions: 1)).check(objective)
          .parameters[0]
      }
      let right = try check(0)
      #expect(right.verdict != .fail)
      // Along a direction an entry counts 0.5 to 1.5 times.
      let found = try check(2.02 * #require(right.directions).threshold)
      if found.verdict == .fail { convicted += 1 }
    }
    #expect(convicted == 40)
  }

  @Test func aClaimThatIsNoNumberIsLocated() throws {
    let objective = try autoencoder(3, features: 12, hidden: [5])
    let result = try check(Tampered(objective) { $0[0]![7] = .nan })
    #expect(result.verdict == .fail)
    let worst = try #require(result.parameters[0].worst.first)
    #expect(worst.index == [1, 2] && worst.analytic.isNaN && worst.verdict == .fail)
  }

  @Test func aRightGradientPassesAlongDirectionsAndThePointStays() throws {
    for seed in 1...20 {
      let objective = try autoencoder(UInt64(seed), features: 12, hidden: [5])
      let before = bits(objective.parameters)
      let result = try check(objective)
      #expect(result.verdict == .pass && result.entries.total == 12)
      #expect(result.parameters.allSatisfy { $0.entries.isEmpty && $0.directions?.count == 4 })
      #expect(bits(objective.parameters) == before)
      let tie = try TieCheck(CheckOptions(directions: 4)).check(objective, gradient: result)
      #expect(tie.verdict == .pass)
    }
  }

  /// A single wrong entry of 1 % of the rms is found and located, wherever it is.
  @Test func oneWrongEntryIsLocated() throws {
    for seed in 1...20 {
      let objective = try autoencoder(UInt64(seed), features: 20, hidden: [8])
      let gradient = try objective.gradients()[0]!
      let wrong = RandomSource(seed: UInt64(seed)).integer(below: gradient.count)
      let result = try check(
        Tampered(objective) { $0[0]![wrong] += 0.01 * rootMeanSquare(gradient) })
      #expect(result.verdict == .fail)
      #expect(result.parameters[0].worst.map(\.index) == [[wrong / 8, wrong % 8]])
      #expect(result.parameters[0].worst[0].verdict == .fail)
      #expect(result.parameters.dropFirst().allSatisfy { $0.verdict == .pass })
    }
  }

  @Test func aPairOfOppositeErrorsIsFoundAndBothAreLocated() throws {
    var located = 0
    for seed in 1...20 {
      let objective = try autoencoder(UInt64(seed), features: 20, hidden: [8])
      let size = 0.1 * rootMeanSquare(try objective.gradients()[0]!)
      let result = try check(
        Tampered(objective) {
          $0[0]![3] += size
          $0[0]![90] -= size
        })
      #expect(result.verdict == .fail)
      if Set(result.parameters[0].worst.map(\.index)) == [[0, 3], [11, 2]] { located += 1 }
    }
    #expect(located == 20)
  }

  @Test func theModeIsChosenBySizeAndSaysSo() throws {
    let small = try check(try autoencoder(1), nil)
    #expect(small.mode.directions == 0 && small.mode.reason.contains("every entry"))
    let large = ClosureObjective(
      [Parameter("w", [Double](repeating: 0.1, count: GradientChecker.largestEntrywise + 1))],
      loss: { $0[0].values.elements.reduce(0) { $0 + $1 * $1 } },
      gradient: { [$0[0].values.elements.map { 2 * $0 }] })
    let result = try check(large, nil)
    #expect(result.verdict == .pass)
    #expect(result.mode.directions == GradientChecker.defaultDirections)
    #expect(result.mode.reason.contains("20001 entries"))
  }

  @Test func aClaimOfAnotherLengthFailsWithItsSentence() throws {
    let result = try check(Tampered(try autoencoder(1)) { $0[0]!.removeLast() })
    #expect(result.verdict == .fail)
    #expect(result.parameters[0].reason?.contains("11 elements; expected 12") == true)
    let missing = try check(Tampered(try autoencoder(1)) { $0[1] = nil })
    #expect(missing.parameters[1].reason?.contains("no gradient was claimed") == true)
  }
}
