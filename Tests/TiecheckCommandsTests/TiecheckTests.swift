import CheckReport
import Foundation
import GSLKit
import GradientCheck
import Testing

@testable import TiecheckCommands

@Suite struct TiecheckTests {
  @Test(arguments: ["--help", "check --help", "help report", "--version", ""])
  func helpAndVersionAreData(words: String) {
    let run = tiecheck(words)
    #expect(run.status == 0)
    #expect(!run.data.isEmpty)
    #expect(run.error.isEmpty)
  }

  @Test func versionIsANumber() {
    #expect(tiecheck("--version").output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test(arguments: [
    "--nonsense", "nonsense", "check --nonsense", "check extra", "check --batch",

    "summary --seed", "report --format",
  ])
  func wrongCommandLines(words: String) {
    expectRefusal(tiecheck(words), 64, ["Usage:"])
  }

  @Test func statusOfAVerdict() {
    #expect(tiecheck("check \(small)").status == 0)
    #expect(tiecheck("check --model original-as-written --optimizers sgd --steps 1").status == 1)
    #expect(tiecheck("check \(small) --fault stepped-twice").status == 1)
    #expect(tiecheck("check \(small) --rtol 1e-11").status == 2)
  }

  @Test func theSymmetryOfSecondDerivativesIsCheckedWhereAsked() throws {
    func symmetry(_ words: String) throws -> Verdict? {
      let run = tiecheck("check \(small) \(words) --format json")
      return try CheckRecord(json: run.data).cases[0].symmetry?.verdict
    }
    #expect(try symmetry("") == nil)
    #expect(try symmetry("--second-order") == .pass)
    // A gradient that lost a path is the gradient of nothing.
    #expect(try symmetry("--second-order --fault detached-copy") == .fail)
  }

  @Test(arguments: ["bias-twice", "counted-twice", "per-sample-stacked"])
  func faultsOfTheStructureAreConvictedInFloatToo(fault: String) {
    for precision in ["double", "float"] {
      #expect(tiecheck("check \(small) --fault \(fault) --precision \(precision)").status == 1)
    }
  }

  /// Pixels from 0 to 255 and linear layers: with the standard rates every training diverges.
  @Test func aTrainingThatDivergesConvictsNobody() throws {
    let folder = try TemporaryFolder()
    let random = RandomSource(seed: 1)
    let rows = (0..<32).map { _ in
      (0..<6).map { _ in "\(random.integer(below: 256))" }.joined(separator: ",")
    }
    try Data(rows.joined(separator: "\n").utf8)
      .write(to: URL(fileURLWithPath: folder("pixels.csv")))
    let run = tiecheck(
      "check --hidden 3 --activation identity --output-activation identity --steps 40 "
        + "--format json --data \(folder("pixels.csv"))")
    #expect(run.status == 0, "\(run.error)")
    let optimizers = try CheckRecord(json: run.data).cases[0].updates.optimizers
    #expect(optimizers.first { $0.name == "sgd" }!.steps < 40)
    #expect(optimizers.first { $0.name == "adam" }!.steps == 40)
  }

  @Test func afterAnInterruptNoCheckBegins() throws {
    let interrupt = Interrupt()
    let first = CheckProgress()
    interrupt.watch(first.cancel)
    #expect(!first.isCancelled)
    interrupt.request()
    #expect(first.isCancelled)
    let second = CheckProgress()
    interrupt.watch(second.cancel)
    #expect(second.isCancelled)
  }

  @Test func precisionsAndDirections() throws {
    for words in ["--precision float", "--precision float --witness double", "--directions 3"] {
      let run = tiecheck("check \(small) \(words) --format json")
      let record = try CheckRecord(json: run.data)
      #expect(run.status == 0, "\(words): \(run.error)")
      #expect(record.cases[0].gradient.verdict == .pass, "\(words)")
    }
    let float = try CheckRecord(
      json: tiecheck("check \(small) --precision float --witness own --format json").data)
    let witnessed = try CheckRecord(
      json: tiecheck("check \(small) --precision float --witness double --format json").data)
    // A Float loss certifies a few digits; the Double witness of the same pass many more.
    #expect(float.cases[0].gradient.sensitivity > 30 * witnessed.cases[0].gradient.sensitivity)
    #expect(witnessed.cases[0].gradient.parameters[0].maxRelativeError > 1e-9)
  }

  @Test func standardOutputThatCannotBeWritten() {
    struct Full: Error, LocalizedError { var errorDescription: String? { "the disk is full" } }
    let said = Box()
    let console = Console(output: { _ in throw Full() }, error: { said.append($0) })
    #expect(Tiecheck.run(["summary"], console: console) == 73)
    #expect(said.text.contains("the disk is full"))
  }
}

final class Box: @unchecked Sendable {
  private let lock = NSLock()
  private var data = Data()
  func append(_ more: Data) { lock.withLock { data += more } }
  var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
}
