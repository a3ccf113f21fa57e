import CheckReport
import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct CheckCommandTests {
  @Test func theDetachedCopyIsNamed() throws {
    let run = tiecheck("check --model original-as-written --optimizers sgd --format json")
    #expect(run.status == 1)
    let record = try CheckRecord(json: run.data)
    #expect(record.verdict == .fail)
    let result = record.cases[0]
    #expect(result.verdict == .fail)
    let diagnosis = try #require(result.diagnoses.first { $0.parameter == "kernel" })
    #expect(diagnosis.id == "missing-path")
    #expect(abs(diagnosis.coefficient + 1) < 1e-4)
    #expect(diagnosis.sentence.contains("transposed_dense"))
  }

  /// Uses in two layers, and twice within one: the same check, tied and untied.
  @Test(arguments: [
    ("embedding --features 2 --hidden 3 --batch 6", "E       projection (transposed)"),
    ("attention --features 16 --hidden 2 --batch 4", "W       attention key"),
    ("siamese --features 16 --hidden 2 --batch 5", "W       towers right"),
  ])
  func everyKindOfUseIsAPath(model: String, path: String) {
    let tied = tiecheck("check --optimizers sgd,adamw --model \(model)")
    #expect(tied.status == 0, "\(tied.output)\(tied.error)")
    #expect(tied.output.contains(path))
    #expect(tied.output.contains("Row 0 of E is fixed") == model.hasPrefix("embedding"))
    let untied = tiecheck("check --optimizers sgd --untied --model \(model)")
    #expect(untied.status == 0)
    #expect(untied.output.contains("no parameter is shared"))
  }

  @Test func thePaddingThatLeaksIsNamed() {
    let run = tiecheck(
      "check --model embedding --features 2 --hidden 3 --batch 6 --data random --fault padding-leaks "
        + "--optimizers adamw")
    #expect(run.status == 1)
    #expect(run.output.contains("row 0 of E must stay fixed"))
    #expect(run.output.contains("tiecheck faults padding-leaks"))
  }

  @Test(arguments: ["text", "markdown", "json"])
  func sameArgumentsSameBytes(format: String) {
    let first = tiecheck("check \(small) --seed 5 --format \(format)")
    let second = tiecheck("check \(small) --seed 5 --format \(format)")
    let other = tiecheck("check \(small) --seed 6 --format \(format)")
    #expect(first.status == 0)
    #expect(!first.data.isEmpty)
    #expect(first.data == second.data)
    #expect(first.data != other.data)
    #expect(first.error.isEmpty)
  }

  @Test func theCommandMakesTheRecordAgain() throws {
    let folder = try TemporaryFolder()
    let path = folder("result.json")
    let run = tiecheck(
      "check \(small) --rtol 1e-5 --seed=3 --quiet --no-color --format json --output=\(path)")
    #expect(run.status == 0, "\(run.error)")
    #expect(run.data.isEmpty)
    let record = try CheckRecord(json: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(
      record.command
        == "tiecheck check --features 4 --hidden 2 --batch 3 --seed 3 --rtol 1e-05 --optimizers sgd "
        + "--steps 2")
    let again = tiecheck(String(record.command.dropFirst("tiecheck ".count)) + " --format json")
    #expect(again.output == (try folder.text("result.json")))
  }

  @Test func colourOnTerminalsAlone() {
    let escape = "\u{1B}["
    let command = "check \(small)"
    #expect(!tiecheck(command).output.contains(escape))
    #expect(tiecheck(command, outputTerminal: true).output.contains(escape))
    #expect(!tiecheck(command + " --no-color", outputTerminal: true).output.contains(escape))
    #expect(
      !tiecheck(command, outputTerminal: true, environment: ["NO_COLOR": "1"]).output
        .contains(escape))
    #expect(
      tiecheck(command, outputTerminal: true, environment: ["NO_COLOR": ""]).output
        .contains(escape))
    #expect(!tiecheck(command + " --format json", outputTerminal: true).output.contains(escape))
  }
}
