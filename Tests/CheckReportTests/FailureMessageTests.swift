import Foundation
import Testing

@testable import CheckReport

struct FailureMessageTests {
  private func lines(_ record: CheckRecord) -> [String] {
    FailureMessage.text(for: record.cases[0]).components(separatedBy: "\n")
  }

  @Test func verdictDiagnosisWorstEntriesAndTheCommandForMore() {
    let lines = lines(Records.failing)
    #expect(lines[0] == "FAIL  forgetful decoder")
    #expect(lines[1...2].joined().contains("contribution of decoder is missing"))
    let title = lines.firstIndex { $0.hasPrefix("  Worst entries") }
    #expect(title.map { lines[$0 - 1].isEmpty } == true)
    let rows = lines.count { $0.hasPrefix("  W") && $0.hasSuffix("fail") }
    #expect((1...FailureMessage.rows).contains(rows))
    #expect(lines.last == "  For more: swift run tiecheck faults missing-path")
    #expect(lines.allSatisfy { $0.count <= 100 })
  }

  @Test func aMissingTieShowsNoTableItHasNothingToShowIn() {
    let lines = lines(Records.missingTie)
    #expect(lines[1].contains("should share one kernel"))
    #expect(lines.last == "  For more: swift run tiecheck faults copied")
  }

  @Test func aVacuousCheckSaysHowItIsAllowed() {
    let lines = lines(Records.vacuous)
    #expect(lines[0] == "VACUOUS  at the identity")
    #expect(lines.joined(separator: " ").contains("allowing:") && !lines.contains("Worst entries"))
    #expect(lines.last?.hasSuffix("tiecheck report --from results") == true)
  }

  /// Who is graded can neither choose the point nor allow anything.
  @Test func whoIsGradedIsNotAdvised() {
    let text = FailureMessage.text(for: Records.vacuous.cases[0], advises: false)
    #expect(text.hasPrefix("VACUOUS  at the identity") && !text.contains("allow"))
  }

  @Test func whatWasThrownIsASentenceInTheMessage() {
    struct Slip: Error {}
    let slip = BrokenCheck(name: "kernel", place: "T/A.swift:3", threw: Slip())
    #expect(
      FailureMessage.text(for: slip) == "FAIL  kernel\n  The code that is checked threw Slip().")
  }
}
