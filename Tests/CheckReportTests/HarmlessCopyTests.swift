import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import CheckReport

/// Names that would move a cursor, forge a line, run a script or turn a line around.
private let hostile =
  "\"/><script>alert(1)</script>|x](javascript:alert(1))`<img src=x>\n\n# PASS\n\u{1B}[31m\u{202E}X"

@Suite struct HarmlessCopyTests {
  /// A tied pair in which everything that has a name has a hostile one.
  private static let record: CheckRecord = {
    let random = RandomSource(seed: 3)
    let kernel = Kernel<Double>(hostile, random.matrix(rows: 3, columns: 2, -1, 1))
    let network = Network(
      Chain([
        Dense(hostile, kernel: kernel, activation: .tanh),
        Dense("\u{7}\(hostile)", kernel: kernel.transposed),
      ]), loss: .meanSquaredError)
    let input: Matrix<Double> = random.matrix(rows: 4, columns: 3)
    return Records.record(
      [
        CheckCase(name: hostile, model: hostile, subjects: [UpdateSubject.standard[0]], steps: 1) {
          ChainObjective(network, input: input, target: input)
        }
      ], command: "tiecheck check --name '\(hostile)'")
  }()

  private func expectHarmless(_ text: String, _ place: String) {
    let allowed: Set<Unicode.Scalar> = ["\n", "\t", "\r"]
    let harmful = text.unicodeScalars.filter { !allowed.contains($0) && harmlessScalar($0) != $0 }
    #expect(harmful.isEmpty, "\(place) holds \(harmful)")
    for line in text.split(whereSeparator: \.isNewline) {
      #expect(!line.hasPrefix("# PASS"), "\(place) has a forged line")
    }
  }

  @Test func whatAReportShowsIsHarmless() throws {
    let record = Self.record
    expectHarmless(TextReport.text(for: record, color: false), "the terminal")
    for file in MarkdownReport.files(for: record) {
      let text = String(decoding: file.contents, as: UTF8.self)
      expectHarmless(text, file.name)
      // The command stands in a block of code, where it means nothing.
      for line in text.split(separator: "\n") where !line.hasPrefix("tiecheck check --name") {
        #expect(!line.contains("<script"), "\(file.name)")
      }
    }
    expectHarmless(SummaryTable.text(record.cases[0].summary), "the table of layers")
    expectHarmless(FailureMessage.text(for: record.cases[0]), "a test's message")
    expectHarmless(
      FailureMessage.text(for: BrokenCheck(name: hostile, place: "a:1", sentence: hostile)),
      "a broken check")
  }

  @Test func theRecordKeepsItsNames() throws {
    let json = try Self.record.json()
    let read = try CheckRecord(json: json)
    #expect(read.cases[0].name == hostile)
    #expect(!json.contains(0x1B))
  }

  @Test func harmlessValuesAreTheSame() throws {
    for record in [Records.all, Records.failing] {
      #expect(try record.harmlessCopy.json() == record.json())
    }
    #expect(Grades.record.harmlessCopy.submissions[0].checks[1].message.contains("FAIL  a: bias\n"))
  }

  /// A copy that was really made, and not only looked at, has every number of the value.
  @Test func aCopyHasEveryNumber() throws {
    let copy = try CheckRecord(json: Self.record.harmlessCopy.json())
    let gradient = Self.record.cases[0].gradient
    #expect(copy.cases[0].gradient.parameters.map(\.rms) == gradient.parameters.map(\.rms))
    #expect(copy.cases[0].name == harmless(hostile))
    #expect(copy.seed == Self.record.seed)
  }

  @Test(arguments: GradeFormat.allCases.filter { $0 != .json })
  func gradesAreHarmless(format: GradeFormat) throws {
    let submission = SubmissionGrade(
      name: hostile,
      checks: [
        Grades.check("a", "k", .failed, sentence: hostile, message: "FAIL  a\n  \u{1B}[2J")
      ],
      compilerErrors: [CompilerError(file: hostile, line: 1, column: 1, message: hostile)],
      remarks: [hostile])
    let record = GradeRecord(seed: 1, command: "tiecheck grade", submissions: [submission])
    let text = String(decoding: try format.data(record), as: UTF8.self)
    expectHarmless(text, format.rawValue)
    #expect(!text.contains("\\u001b") && !text.contains("\\u202e"))
  }
}
