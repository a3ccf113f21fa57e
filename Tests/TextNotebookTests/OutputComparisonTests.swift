import Foundation
import Testing

@testable import TextNotebook

@Suite struct OutputComparisonTests {
  private func comparison(
    _ recorded: [String], _ present: [String], rtol: Double = 0
  ) -> OutputComparison {
    OutputComparison(
      recorded: recorded, present: present, tolerance: Tolerance(relative: rtol, absolute: 0))
  }

  @Test func oneChangedDigitDiffers() {
    #expect(comparison(["a", "0.123"], ["a", "0.123"]).isEqual)
    #expect(!comparison(["a", "0.123"], ["a", "0.124"]).isEqual)
    #expect(!comparison(["a"], []).isEqual && !comparison([], ["a"]).isEqual)
  }

  @Test func linesElisionsAndNumbersTogether() {
    let recorded = ["first [..]", "...", "loss 0.5", "...", "last"]
    #expect(
      comparison(recorded, ["first 1", "x", "loss 0.7", "loss 0.5001", "last"], rtol: 1e-3).isEqual)
    #expect(!comparison(recorded, ["first 1", "x", "loss 0.7", "last"], rtol: 1e-3).isEqual)
    #expect(comparison(["..."], []).isEqual && comparison(["  ..."], ["x"]).isEqual)
  }

  @Test func spacesAtTheEndOfARecordedLineAreNotSeen() {
    #expect(comparison(["a  "], ["a"]).isEqual)
  }

  @Test func theDifferenceShowsBothLinesAndWhereTheyDiffer() {
    let shown = comparison(
      ["1", "2", "3", "loss 0.123", "5", "6", "7", "8"],
      ["1", "2", "3", "loss 0.133", "5", "6", "7", "8"]
    )
    .differences.map(\.shown)
    #expect(
      shown == [
        "    (lines that agree)", "    2", "    3", "  - loss 0.123", "  + loss 0.133",
        "            ^", "    5", "    6", "    (lines that agree)",
      ])
  }

  @Test func differencesOfLinesThatCameAndWent() {
    #expect(comparison(["a", "b"], ["a"]).differences.map(\.shown) == ["    a", "  - b"])
    #expect(comparison(["a"], ["a", "b"]).differences.map(\.shown) == ["    a", "  + b"])
    #expect(comparison(["a"], ["a"]).differences.map(\.kind) == [.gap])
  }

  @Test func anUpdateKeepsWhatStillHolds() {
    let recorded = ["loss [..]", "...", "0.5", "end 1"]
    let present = ["loss 3", "x", "y", "0.5001", "end 2"]
    #expect(
      comparison(recorded, present, rtol: 1e-3).updated == ["loss [..]", "...", "0.5", "end 2"])
    #expect(comparison(["a", "b"], ["b"]).updated == ["b"])
    #expect(comparison(["..."], ["a"]).updated == ["..."])
  }

  @Test func anElisionWithinAChangedLineIsKept() {
    #expect(
      comparison(["loss [..] after 10 steps"], ["loss 0.5 after 20 steps"]).updated
        == ["loss [..] after 20 steps"])
    #expect(comparison(["took [..] s"], ["took 3 min"]).updated == ["took [..] min"])
  }

  /// Whatever was recorded: what is updated accepts what is printed, and nothing that held is touched.
  @Test func updatesHold() {
    for seed in 0..<UInt64(300) {
      var random = SeededGenerator(state: seed)
      func lines(_ pieces: [String]) -> [String] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          (0..<Int.random(in: 1...4, using: &random)).map { _ in
            pieces.randomElement(using: &random)!
          }
          .joined()
        }
      }
      let recorded = lines(["a", "1", " ", "[..]", "..."])
      let present = RecordedText.lines(joined: lines(["a", "1", "2", " ", "b"]))
      for rtol in [0, 0.6] {
        let first = comparison(recorded, present, rtol: rtol)
        let second = comparison(first.updated, present, rtol: rtol)
        #expect(second.isEqual, "\(recorded) \(present) \(first.updated)")
        #expect(!first.isEqual || first.updated == recorded)
      }
    }
  }
}

extension RecordedText {
  static func lines(joined lines: [String]) -> [String] {
    Self.lines(Data(lines.joined(separator: "\n").utf8))
  }
}
