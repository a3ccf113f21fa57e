import GradientCheck
import Testing

@testable import CheckReport

struct CaseSentencesTests {
  @Test func aPassingCaseHasNoFindings() {
    for result in Records.all.cases where result.verdict == .pass {
      #expect(CaseSentences.findings(result).isEmpty)
    }
    #expect(
      CaseSentences.summary(Records.all.cases[0])
        == "Claimed and measured agree in all 35 entries, the gradient of the shared kernel is the "
        + "sum of its 2 paths, and all 7 optimizers move every parameter exactly once.")
    #expect(
      CaseSentences.summary(Records.all.cases[2])
        == "Claimed and measured agree in all 58 entries, no parameter is shared, and all 2 "
        + "optimizers move every parameter exactly once.")
  }

  @Test func theDiagnosisComesFirst() {
    let result = Records.failing.cases[0]
    let findings = CaseSentences.findings(result)
    #expect(findings.first == CaseSentences.asSentence(result.diagnoses[0].sentence))
    #expect(findings[0].contains("contribution of decoder is missing"))
    #expect(findings.contains { $0.contains("that decoder claims is not what was measured") })
    #expect(findings.contains { $0.hasPrefix("The updates of 2 of 2 optimizers are not") })
  }

  @Test func aMissingTieIsToldAsSuch() {
    let findings = CaseSentences.findings(Records.missingTie.cases[0])
    #expect(findings.count { $0.contains("should share one kernel") } == 1)
  }

  @Test func whereNothingCouldHaveBeenSeenThatIsSaid() {
    let result = Records.vacuous.cases[0]
    #expect(result.verdict == .vacuous)
    #expect(!CaseSentences.findings(result).isEmpty)
    #expect(!CaseSentences.summary(result).contains("agree in all"))
    #expect(CaseSentences.sensitivity(result.gradient).hasPrefix("No error can be promised"))
  }

  @Test func aClaimThatIsNoNumberComesFirst() {
    #expect(
      CaseSentences.summary(Records.notANumber.cases[0])
        == "W[0, 1]: the claimed derivative is nan, not a finite number.")
  }

  @Test func directionsAreNotCalledEntries() {
    let result = Records.directions.cases[0]
    #expect(CaseSentences.summary(result).hasPrefix("Claimed and measured agree in all 9 random"))
    #expect(CaseSentences.sensitivity(result.gradient).contains("once in a million"))
  }

  @Test func fixedRowsAreNamed() {
    #expect(
      CaseSentences.sentence(.init(parameter: "E", rows: [0]))
        == "Row 0 of E is fixed: whatever its gradient, no optimizer may move it.")
    #expect(
      CaseSentences.sentence(.init(parameter: "E", rows: [0, 3, 4]))
        == "Rows 0, 3 and 4 of E are fixed: whatever their gradient, no optimizer may move them.")
  }

  @Test func theVerdictSaysWhatWasExpected() {
    #expect(CaseSentences.verdict(Records.all.cases[0]) == "pass")
    #expect(CaseSentences.verdict(Records.all.cases[3]) == "fail, as expected")
    #expect(CaseSentences.verdict(Records.failing.cases[0]) == "fail")
  }

  @Test func theWholeRecordInOneSentence() {
    #expect(
      CaseSentences.summary(Records.all)
        == "All 4 cases ended as expected: 3 passed, and one model that is wrong on purpose was "
        + "found out.")
    #expect(
      CaseSentences.summary(
        Records.record([Records.untied, Records.forgetful(expected: .pass)]))
        == "1 of 2 cases did not end as expected: forgetful decoder.")
    #expect(
      CaseSentences.summary(Records.failing).contains("contribution of decoder is missing"))
    #expect(CaseSentences.summary(Records.record([])) == "No case was checked.")
  }

  @Test func namesKeepTheirCase() {
    #expect(CaseSentences.asSentence("encoder holds a copy") == "encoder holds a copy.")
    #expect(CaseSentences.asSentence("the end.") == "The end.")
  }
}
