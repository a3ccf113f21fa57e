import CheckReport
import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct ReportCommandTests {
  @Test func aFolderWithEverythingInIt() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("report \(small) -o", folder("out"))
    #expect(run.status == 0, "\(run.error)")
    #expect(run.data.isEmpty)
    #expect(run.error.hasPrefix("pass: 1 case"))
    #expect(run.error.contains("out/report.md"))
    #expect(run.error.split(separator: "\n").count == 1)
    #expect(try folder.names() == ["out"])
    let names = try folder.names(in: "out")
    #expect(names.contains("report.md"))
    #expect(names.contains("result.json"))
    let pictures = names.filter { $0.hasSuffix(".svg") }
    #expect(!pictures.isEmpty)
    let page = try folder.text("out/report.md")
    for picture in pictures { #expect(page.contains("(\(picture))")) }
    #expect(!page.contains(folder.path))
    let json = try folder.text("out/result.json")
    #expect(!json.contains(folder.path))
    let record = try CheckRecord(json: Data(json.utf8))
    #expect(
      record.command
        == "tiecheck report --features 4 --hidden 2 --batch 3 --optimizers sgd --steps 2")
  }

  @Test func quietMeansQuiet() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("report \(small) --quiet -o", folder("out"))
    #expect(run.status == 0)
    #expect(run.error.isEmpty)
  }

  @Test func sameArgumentsSameBytes() throws {
    let folder = try TemporaryFolder()
    for name in ["one", "two"] {
      #expect(tiecheck("report \(small) -o", folder(name)).status == 0)
    }
    let names = try folder.names(in: "one")
    #expect(try folder.names(in: "two") == names)
    for name in names { #expect(try folder.text("one/\(name)") == folder.text("two/\(name)")) }
  }

  @Test func thePageOrTheRecordOnStandardOutput() throws {
    let page = tiecheck("report \(small) -o -")
    #expect(page.status == 0)
    #expect(page.output.hasPrefix("# "))
    #expect(page.error.isEmpty)
    let record = tiecheck("report \(small) --format json -o -")
    #expect(try CheckRecord(json: record.data).cases.count == 1)
  }

  @Test func aFormatNeedsStandardOutput() {
    for format in ["text", "json"] {
      expectRefusal(tiecheck("report --format \(format)"), 64, ["needs '-o -'"])
    }
  }

  @Test func anUnexpectedEndIsToldByNameAndStatus() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("report \(small) --fault detached-copy -o", folder("out"))
    #expect(run.status == 1)
    #expect(run.error.contains("with detached-copy: fail, expected pass"))
    #expect(try folder.names(in: "out").contains("report.md"))
  }

  // MARK: From a folder of results

  @Test func severalReportsAreMergedIntoOne() throws {
    let folder = try TemporaryFolder()
    _ = tiecheck("report \(small) -o", folder("results-b"))
    _ = tiecheck("report \(small) --fault detached-copy -o", folder("results-a"))
    let run = tiecheck("report -o", folder("out"), "--from", folder.path)
    #expect(run.status == 1, "\(run.error)")
    #expect(run.error.contains("with detached-copy: fail, expected pass"))
    let record = try CheckRecord(json: Data(folder.text("out/result.json").utf8))
    #expect(record.cases.map(\.verdict) == [.fail, .pass])
    #expect(record.command == "tiecheck report --from \(folder.path)")
  }

  @Test func aCheckWithoutAResultIsNoLessWrong() throws {
    let folder = try TemporaryFolder()
    let origin = TestOrigin(file: "T/A.swift", function: "f()", line: 3, column: 1, run: "1")
    _ = try ResultsFolder(folder.path).begin("kernel", origin, command: "swift test", seed: 1)
    let run = tiecheck("report -o - --from", folder.path)
    #expect(run.status == 1)
    #expect(run.output.contains("| kernel | `T/A.swift:3` | It began and did not end"))
    #expect(tiecheck("report -o", folder("out"), "--from", folder.path).error.contains("no result"))
  }

  @Test func resultsThatAreNotThere() throws {
    let folder = try TemporaryFolder()
    expectRefusal(tiecheck("report -o - --from", folder("no")), 66, ["does not exist"])
    expectRefusal(tiecheck("report -o - --from", folder.path), 65, ["TIECHECK_RESULTS="])
    expectRefusal(
      tiecheck("report --from results --hidden 3"), 64, ["does not go with --hidden"])
  }
}
