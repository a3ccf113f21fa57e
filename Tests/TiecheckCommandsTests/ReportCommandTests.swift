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
}
