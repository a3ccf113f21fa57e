import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import Calibration

/// A sample of what `tiecheck calibrate` measures at length.
@Suite struct CalibrationRunTests {
  private static func sample(
    _ kind: CalibrationPlan.Kind, _ precision: CalibrationPlan.Precision, entries: Int
  ) throws -> CalibrationPopulation {
    try CalibrationRun.run(
      CalibrationPlan(kinds: [kind], precisions: [precision], entries: entries, seed: 3)
    ).populations[0]
  }

  private func check(
    _ population: CalibrationPopulation, covered: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for band in population.bands {
      #expect(band.verdicts.falseFail == 0, "\(band.remarks)", sourceLocation: sourceLocation)
      #expect(band.backwardDiffers == 0, "\(band.remarks)", sourceLocation: sourceLocation)
      let ours = band.rules[0]
      #expect(ours.bounded == ours.entries, sourceLocation: sourceLocation)
      #expect(
        Double(ours.covered) >= covered * Double(ours.bounded), "\(band.remarks)",
        sourceLocation: sourceLocation)
    }
  }

  @Test(
    "Smooth networks in Double: nothing right fails, every bound holds, errors of 10 tol are found")
  func smoothDouble() throws {
    let population = try Self.sample(.smooth, .double, entries: 1200)
    check(population, covered: 1)
    let near = population.bands[0]
    #expect(near.entries > 500)
    #expect(near.verdicts.pass == near.entries)
    for (size, tally) in zip(population.sizes, near.rules[0].wrong) {
      #expect(tally.total > 20)
      #expect(tally.found == tally.total, "\(size): \(near.remarks)")
    }
  }

  @Test("relu networks in Double: the same, corners and all")
  func reluDouble() throws {
    let population = try Self.sample(.relu, .double, entries: 600)
    check(population, covered: 0.99)
    let ours = population.bands[0].rules[0]
    #expect(ours.covered == ours.bounded)
    let near = population.bands[0]
    #expect(near.entries > 200)
    #expect(near.rules[0].wrong[1].found == near.rules[0].wrong[1].total, "\(near.remarks)")
  }

  @Test("Float: nothing right fails, and what is undecided says why")
  func float() throws {
    let population = try Self.sample(.smooth, .float, entries: 500)
    check(population, covered: 1)
    for band in population.bands {
      #expect(band.verdicts.inconclusive["no reason given"] == nil)
    }
    let near = population.bands[0]
    #expect(near.entries > 200)
    // A tensor whose slopes all drown in noise is held to the scale of the whole gradient.
    #expect(near.rules[0].wrong.allSatisfy { 20 * $0.missed <= $0.total }, "\(near.remarks)")
    // GSL's own bound knows nothing of the noise of a Float loss.
    #expect(near.rules[1].falseAlarms > near.entries / 4)
    #expect(near.rules[1].covered < near.entries)
  }

  @Test("On the same networks the classical rules misfire or miss")
  func classicalRules() throws {
    let population = try Self.sample(.relu, .double, entries: 600)
    var rules = population.bands[0].rules
    for i in rules.indices { rules[i].add(population.bands[1].rules[i]) }
    #expect(rules.map(\.rule).dropFirst() == ClassicalRule.allCases.map(\.name)[...])
    let (relative, allClose) = (rules[2], rules[3])
    #expect(relative.falseAlarms > 0)
    // 1e-5 of the rms: below what it looks for.
    #expect(allClose.wrong[2].missed > allClose.wrong[2].found)
  }

  @Test("The same arguments give the same bytes; another seed gives others")
  func determinism() throws {
    func table(_ seed: UInt64) throws -> String {
      CalibrationTable(
        try CalibrationRun.run(
          CalibrationPlan(kinds: [.smooth], precisions: [.double], entries: 60, seed: seed))
      ).text
    }
    let first = try table(5)
    #expect(try table(5) == first)
    #expect(try table(6) != first)
  }

  @Test("An entry's verdict does not depend on errors in other entries")
  func singleErrors() throws {
    let draw = NetworkDraw(2, kind: .smooth, precision: .double, seed: 3)
    let objective = try draw.objective(as: Double.self)
    let claims = try objective.gradients().map { $0! }
    var many = claims
    for p in many.indices {
      for i in stride(from: 0, to: many[p].count, by: 3) { many[p][i] *= 1.001 }
    }
    let checker = GradientChecker(CheckOptions(directions: 0))
    let all = try checker.check(ClaimedObjective(objective, many))
    for p in claims.indices {
      var one = claims
      one[p][0] = many[p][0]
      let single = try checker.check(ClaimedObjective(objective, one))
      #expect(single.parameters[p].entries[0].verdict == all.parameters[p].entries[0].verdict)
      #expect(single.entries.fail <= 1)
    }
  }
}
