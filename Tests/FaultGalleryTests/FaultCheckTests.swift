import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

/// Two faults at once: both named, or called unexplained, never one wrong name.
struct FaultCheckTests {
  private static func names(_ ids: [String], seed: UInt64) throws -> [String] {
    let faults = ids.map { FaultCatalogue.fault($0)! }
    let needsSquare = ids.contains { ["untransposed", "bias-taken-along"].contains($0) }
    let model = GalleryModel(widths: needsSquare ? [4, 4] : [5, 3])
    let result = try FaultCheck.checkCase(
      faults, name: "two",
      subjects: ["momentum", "adamw", "sgd_weight_decay"].map(subject)
    ) { try model.make(seed) }.run(CheckOptions(seed: seed))
    #expect(result.verdict == .fail)
    return Array(Set(result.diagnoses.map(\.id))).sorted()
  }

  /// Pairs that act on different mechanisms: both are named.
  static let apart = [
    ["decoder-path-lost", "decay-per-alias"], ["doubled", "stepped-twice"],
    ["averaged", "one-state-per-use"], ["untransposed", "duplicate-in-group"],
    ["encoder-path-lost", "counted-twice"], ["bias-twice", "duplicate-in-group"],
    ["bias-taken-along", "decay-per-alias"], ["frozen-copy", "stepped-twice"],
    ["bias-twice", "routed-apart"], ["phantom-kernel", "doubled"],
    ["per-sample-stacked", "overwritten"], ["clip-counts-twice", "averaged"],
  ]

  @Test(arguments: apart)
  func bothOfTwoMechanismsAreNamed(pair: [String]) throws {
    let names = try Self.names(pair, seed: 3)
    let expected = pair.map { FaultCatalogue.fault($0)!.diagnosis }
    if pair == ["frozen-copy", "stepped-twice"] {
      // The copy hides in what it contributes: zeros. Both are named all the same.
      #expect(names.contains("stale-copy"))
    }
    #expect(names == expected.sorted(), "\(pair)")
  }

  /// Pairs that act on one residual: either two names that account for it together, or none.
  @Test(arguments: [
    ["decoder-path-lost", "regulariser-per-use"], ["untransposed", "regulariser-per-use"],
  ])
  func twoInOneResidualAreBothNamedOrUnexplained(pair: [String]) throws {
    let names = try Self.names(pair, seed: 5)
    let expected = pair.map { FaultCatalogue.fault($0)!.diagnosis }.sorted()
    #expect(names == expected || names == ["unexplained"], "\(pair): \(names)")
  }

  /// What doubles or halves the gradient does so to the regulariser too: the first is named, and of
  /// the second the multiple that is left.
  @Test(arguments: [("doubled", "doubled"), ("averaged", "averaged")])
  func aFaultThatMultipliesTheOther(fault: String, name: String) throws {
    let names = try Self.names([fault, "regulariser-per-use"], seed: 5)
    #expect(names == [name, "regulariser-scaled"] || names == ["unexplained"], "\(names)")
  }

  /// Only dense layers can be saved and converted: of a wrong layer these questions are not asked.
  @Test func whatCannotBeSavedIsNotAsked() throws {
    #expect(try Self.names(["doubled", "reloaded-apart"], seed: 3) == ["doubled"])
  }

  @Test func nothingIsNamedWhereNothingIsWrong() throws {
    let model = GalleryModel(widths: [5, 3])
    let check = try #require(try model.check(CountedTwice(), seed: 2, subjects: []))
    #expect(check.isSettled && check.right.diagnoses.isEmpty)
    #expect(check.wrong.gradient.verdict == .pass)
  }
}
