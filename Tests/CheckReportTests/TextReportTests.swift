import CheckReport
import Foundation
import Testing

struct TextReportTests {
  private func lines(_ record: CheckRecord) -> [String] {
    TextReport.text(for: record, color: false).components(separatedBy: "\n")
  }

  @Test func aPassingCaseFitsOnAScreen() {
    let lines = lines(Records.passing)
    #expect(lines[0] == "PASS  original")
    #expect((20...40).contains(lines.count))
    #expect(lines.allSatisfy { $0.count <= 100 && $0.last != " " })
    #expect(lines.contains { $0.hasPrefix("  kernel") && $0.contains("25 pass") })
    #expect(!lines.contains { $0.contains("Worst entries") })
  }

  @Test func aFailingCaseNamesTheBugAndShowsTheWorstEntries() {
    let lines = lines(Records.failing)
    #expect(lines[0] == "FAIL  forgetful decoder")
    #expect(lines[1...2].joined().contains("contribution of decoder is missing"))
    let title = lines.firstIndex { $0.contains("Worst entries") }
    #expect(title != nil)
    if let title {
      #expect(lines[(title + 1)...(title + 5)].allSatisfy { $0.contains("fail") })
      #expect(lines[title + 6].isEmpty)
    }
  }

  @Test func severalCasesEndInTheWholeVerdict() {
    #expect(lines(Records.all).suffix(2).first?.hasPrefix("PASS  All 4 cases") == true)
    #expect(lines(Records.all).contains("FAIL, AS EXPECTED  forgetful decoder"))
  }

  @Test func colorOnlyWhereAsked() {
    #expect(!TextReport.text(for: Records.all, color: false).contains("\u{1B}"))
    let colored = TextReport.text(for: Records.all, color: true)
    #expect(colored.contains("\u{1B}[32mPASS\u{1B}[0m  original"))
    #expect(colored.contains("\u{1B}[32mFAIL, AS EXPECTED\u{1B}[0m"))
    #expect(
      TextReport.text(for: Records.failing, color: true).hasPrefix("\u{1B}[31mFAIL\u{1B}[0m"))
    #expect(
      colored.replacing(/\u{1B}\[\d+m/, with: "") == TextReport.text(for: Records.all, color: false)
    )
  }

  @Test func whatAPointCannotTellIsTold() {
    #expect(lines(Records.vacuous)[0] == "VACUOUS  at the identity")
    let text = lines(Records.vacuous).map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: " ")
    let told = text.components(separatedBy: "This point cannot tell: ")[1].prefix { $0 != "." }
    // Of which parameter, once.
    #expect(told.hasPrefix("W: encoder's path missing; decoder's path missing;"))
    #expect(told.components(separatedBy: "W: ").count == 2)
  }
}
