import GradientCheck
import Testing

@testable import CheckReport

struct GlossaryTests {
  @Test func everyVerdictIsExplained() {
    for verdict in Verdict.allCases {
      #expect(Glossary.markdown.contains("- **\(verdict.rawValue)**:"))
    }
  }

  @Test(arguments: ["sensitivity", "path", "noise", "share", "rms", "residual", "state", "norm"])
  func theWordsOfTheReportAreExplained(_ word: String) {
    #expect(Glossary.markdown.contains("**\(word)"))
  }
}
