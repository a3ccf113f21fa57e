import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import CheckReport

struct CaseSectionTests {
  private func probe(_ record: CheckRecord, case index: Int = 0) -> MarkdownProbe {
    var names = FileNames()
    return MarkdownProbe(
      CaseSection(record.cases[index], number: 1, names: &names).markdown)
  }

  @Test func theReaderGetsThingsInOrder() {
    #expect(
      probe(Records.all).headings.filter { !$0.hasPrefix("####") } == [
        "## Case 1: original", "### What was checked", "### What would have been noticed",
        "### The layers", "### Gradient of each parameter", "### The paths and their sum",
        "### Updates", "### Structure", "### Pictures",
      ])
    #expect(probe(Records.failing).headings[1] == "### What is wrong")
    #expect(probe(Records.vacuous).headings[1] == "### What could not be told")
  }

  @Test func aModelThatIsWrongOnPurposeIsIntroducedAsSuch() {
    let announced = probe(Records.all, case: 3)
    #expect(announced.lines[2].hasPrefix("> **Evidence that the check can fail.**"))
    #expect(announced.lines[2].hasSuffix("It was."))
    #expect(announced.lines[4].hasPrefix("**Verdict: fail, as expected.**"))
    #expect(!probe(Records.failing).text.contains("Evidence that the check can fail"))
  }

  @Test func theDiagnosisIsNamedWithItsCoefficient() throws {
    let table = try probe(Records.failing).table("Parameter", "Diagnosis")
    let row = try #require(table.rows.last)
    #expect(Array(row.prefix(3)) == ["`W`", "**missing-path**", "-1.000"])
    #expect(row[3].hasPrefix("± "))
  }

  @Test func aMistakeWithoutASizeHasNoCoefficient() throws {
    let table = try probe(Records.missingTie).table("Parameter", "Diagnosis")
    #expect(table.rows.last == ["-", "**copied**", "-", "-", "yes"])
  }

  @Test func sharedParametersCountOnce() throws {
    let probe = probe(Records.all, case: 1)
    #expect(
      probe.text.contains(
        "**Total parameters: 34 (58 added over the layers; what is shared counts once).**"))
    let rows = try probe.table("Layer", "Type").rows
    #expect(rows[1] == ["`encoder`", "Dense (tanh)", "(batch, 4)", "28", "`decoder`"])
  }

  @Test func everyParameterHasItsRowAndItsWorstEntry() throws {
    let probe = probe(Records.failing)
    let rows = try probe.table("Parameter", "Shape", "Verdict", "Entries").rows.dropFirst()
    #expect(rows.map { $0[0] } == ["`W`", "`b`", "`c`"])
    #expect(rows.map { $0[3] } == ["24 fail", "4 pass", "6 pass"])
    let worst = try probe.table("Entry", "Claimed", "Measured").rows.dropFirst()
    // Five of the failing parameter, one of each that passed.
    #expect(worst.map { $0[6] } == Array(repeating: "**fail**", count: 5) + ["pass", "pass"])
    let entry = try #require(Records.failing.cases[0].gradient.parameters[0].worst.first)
    #expect(worst.first?[0] == "`W\(NumberText.index(entry.index))`")
    #expect(worst.first?[1] == NumberText.value(entry.analytic))
    #expect(worst.first?[4] == NumberText.error(entry.bound))
  }

  @Test func pathsHaveNormsSharesAndVerdicts() throws {
    let probe = probe(Records.failing)
    let rows = try probe.table("Path through", "Measured norm").rows.dropFirst()
    #expect(rows.map { $0[0] } == ["`encoder`", "`decoder`"])
    #expect(rows.map { $0.last ?? "" } == ["pass", "**fail**"])
    #expect(rows.last?[2] == "0")
    #expect(probe.text.contains("`decoder` (transposed)"))
  }

  /// Seven paths are told in one row each, and what they have in common once.
  @Test func manyUsesAreToldOnce() throws {
    let record = try Records.recurrent(features: 21, subjects: 2)
    let text = probe(record).text
    #expect(text.contains("`rnn input 5` and `rnn input 6`, each time as it is. Verdict: **pass**"))
    #expect(text.contains("- Every use follows the parameter: pass"))
    #expect(!text.contains("`rnn input 1` follows"))
    #expect(text.contains("| Through | `sgd` | `momentum` |"))
    #expect(text.contains("| `rnn step 4` | "))
    let layers = try probe(record).table("Layer", "Type").rows
    #expect(layers[1][1] == "Recurrent, 6 steps (tanh)" && layers[1][4] == "itself")
  }

  @Test func whereNothingIsSharedItSaysSo() {
    #expect(
      probe(Records.all, case: 2).text.contains("No parameter is used more than once"))
    #expect(probe(Records.missingTie).text.contains("- **Missing tie:** encoder and decoder"))
  }

  @Test func everyOptimizerHasItsRow() throws {
    let probe = probe(Records.all)
    let rows = try probe.table("Optimizer", "Verdict").rows.dropFirst()
    #expect(rows.map { $0[0] } == Records.all.cases[0].updates.optimizers.map { "`\($0.name)`" })
    #expect(rows.allSatisfy { $0[1] == "pass" && $0[6] == "1" })
    let through = try probe.table("Optimizer", "Through `dense`: predicted").rows.dropFirst()
    #expect(through.count == 7)
    #expect(through.allSatisfy { $0[1] == $0[2] && $0[3] == $0[4] })
    #expect(self.probe(Records.failing).text.contains("- `sgd`: The loss changes along the step"))
  }

  @Test func whatAPointCannotTellIsTold() {
    let text = probe(Records.vacuous).text
    #expect(text.contains("- This point cannot tell for W: decoder's path missing."))
    #expect(text.contains("No error can be promised"))
  }

  /// Encoder and decoder in the name of a mistake are uses, whatever the layers are called.
  @Test func knownMistakesArePutIntoUsesAndTheReaderIsToldInWhich() {
    var result = Records.passing.cases[0]
    result.noticed = [
      NoticedFault(
        fault: "encoder-path-lost", check: "gradient", convicted: true, effectOverSensitivity: 9)
    ]
    let text = probe(CheckRecord(seed: 7, command: "tiecheck check", cases: [result])).text
    #expect(
      text.contains(
        "into the last kernel that is shared; encoder and decoder in a name are its first and its last "
          + "use): 1 of 1 are convicted."))
  }

  @Test func directionsAndSymmetryAreTold() throws {
    let probe = probe(Records.directions)
    #expect(probe.text.contains("| Random directions | all 9: 9 passed"))
    #expect(probe.text.contains("checked along 3 random directions"))
    #expect(try probe.table("u·Hv", "v·Hu").rows.count == 4)
  }
}
