import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct OutputFileTests {
  @Test func replacesWhatWasThere() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a.txt", "old")
    try OutputFile.write(Data("new".utf8), to: path)
    #expect(try folder.text("a.txt") == "new")
    #expect(try folder.names() == ["a.txt"])
  }

  @Test func followsALink() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a.txt", "old")
    try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: path)
    try OutputFile.write(Data("new".utf8), to: folder("link"))
    #expect(try folder.text("a.txt") == "new")
    #expect(try folder.names() == ["a.txt", "link"])
  }

  @Test func aDeviceStaysADevice() throws {
    #expect(tiecheck("summary -o /dev/null").status == 0)
    let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
    #expect(type as? FileAttributeType == .typeCharacterSpecial)
  }

  @Test func placesThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("file", "mine")
    for path in ["\(file)/below", folder("none/x"), folder.path, "/proc/tiecheck.txt"] {
      expectRefusal(tiecheck("summary -o", path), 73, ["cannot be written"])
      expectRefusal(tiecheck("check \(small) -o", path), 73, ["cannot be written"])
    }
    #expect(try folder.names() == ["file"])
    #expect(try folder.text("file") == "mine")
  }

  @Test func allOrNothing() throws {
    let folder = try TemporaryFolder()
    let first = URL(fileURLWithPath: try folder.file("first", "old"))
    let impossible = URL(fileURLWithPath: folder("none/second"))
    #expect(throws: (any Error).self) {
      try OutputFile.replace([(first, Data("new".utf8)), (impossible, Data())])
    }
    #expect(try folder.text("first") == "old")
    #expect(try folder.names() == ["first"])
  }
}
