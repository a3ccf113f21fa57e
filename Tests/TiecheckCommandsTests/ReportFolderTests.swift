import CheckReport
import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct ReportFolderTests {
  private let files = [
    ReportFile(name: "report.md", contents: Data("page".utf8)),
    ReportFile(name: "result.json", contents: Data("record".utf8)),
  ]

  @Test func aFolderThatIsThereKeepsOtherFiles() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("notes.txt", "mine")
    _ = try folder.file("report.md", "old")
    try ReportFolder(folder.path).write(files)
    #expect(try folder.names() == ["notes.txt", "report.md", "result.json"])
    #expect(try folder.text("notes.txt") == "mine")
    #expect(try folder.text("report.md") == "page")
  }

  @Test func aSlashAtTheEndIsNoMatter() throws {
    let folder = try TemporaryFolder()
    try ReportFolder(folder("out/")).write(files)
    #expect(try folder.names() == ["out"])
    #expect(try folder.names(in: "out") == ["report.md", "result.json"])
  }

  @Test func placesThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("file", "mine")
    for path in [file, "\(file)/below", folder("none/out"), "/proc/out"] {
      expectRefusal(tiecheck("report \(small) -o", path), 73, ["with -o"])
    }
    #expect(try folder.names() == ["file"])
    #expect(try folder.text("file") == "mine")
  }

  @Test func aFileThatCannotBeReplacedLeavesAllAsTheyWere() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("report.md", "old")
    try FileManager.default.createDirectory(
      atPath: folder("result.json"), withIntermediateDirectories: false)
    expectRefusal(
      tiecheck("report \(small) -o", folder.path), 73, ["result.json is a folder"])
    #expect(try folder.text("report.md") == "old")
    #expect(try folder.names() == ["report.md", "result.json"])
  }

  @Test func aNameThatCannotBeLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let target = try ReportFolder(folder("out"))
    #expect(throws: CommandError.self) {
      let tooLong = String(repeating: "x", count: 300)
      try target.write(files + [ReportFile(name: tooLong, contents: Data())])
    }
    #expect(try folder.names() == [])
  }
}
