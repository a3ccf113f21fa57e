import CheckReport
import Foundation
import ModelPipe
import Testing

@testable import TiecheckCommands

@Suite struct FolderExchangeTests {
  private let files = [
    ReportFile(name: "report.md", contents: Data("page".utf8)),
    ReportFile(name: "result.json", contents: Data("record".utf8)),
  ]

  @Test func everythingElseStaysAsItWas() throws {
    let folder = try TemporaryFolder()
    let out = URL(fileURLWithPath: folder("out"))
    try FileManager.default.createDirectory(
      atPath: folder("out/deep/er"), withIntermediateDirectories: true)
    _ = try folder.file("out/deep/er/notes.txt", "mine")
    _ = try folder.file("out/report.md", "old")
    try FileManager.default.createSymbolicLink(
      atPath: folder("out/link"), withDestinationPath: "nowhere")
    chmod(out.path, 0o750)
    try FolderExchange(out, files).run()
    #expect(try folder.names() == ["out"])
    #expect(try folder.names(in: "out") == ["deep", "link", "report.md", "result.json"])
    #expect(try folder.text("out/deep/er/notes.txt") == "mine")
    #expect(try folder.text("out/report.md") == "page")
    let attributes = try FileManager.default.attributesOfItem(atPath: out.path)
    #expect((attributes[.posixPermissions] as? Int) == 0o750)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder("out/link")) == "nowhere")
  }

  /// It would find itself in a folder that is gone.
  @Test func aFolderThatTheCommandStandsInIsNotExchanged() throws {
    let folder = try TemporaryFolder()
    let before = try inode(folder.path)
    let run = tiecheck("report \(small) -o .", folder: URL(fileURLWithPath: folder.path))
    #expect(run.status == 0, "\(run.error)")
    #expect(try inode(folder.path) == before)
    #expect(try folder.names().contains("report.md"))
  }

  private func inode(_ path: String) throws -> UInt64 {
    var kind = stat()
    try #require(stat(path, &kind) == 0)
    return UInt64(kind.st_ino)
  }

  @Test func leftoversOfRunsThatAreDeadGoAndOthersStay() throws {
    let folder = try TemporaryFolder()
    let out = URL(fileURLWithPath: folder("out"))
    let dead = OutputFile.temporaryName(beside: out)
    let alive = OutputFile.temporaryName(beside: out)
    for url in [dead, alive] {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }
    _ = try folder.file(".out.mine.tmp", "mine")
    let claim = FolderLock.claim(alive)
    // Just made, a folder may have a maker who has not marked it yet.
    FolderLock.removeLeftovers(beside: out)
    #expect(FileManager.default.fileExists(atPath: dead.path))
    FolderLock.removeLeftovers(beside: out, olderThan: -1)
    #expect(!FileManager.default.fileExists(atPath: dead.path))
    #expect(FileManager.default.fileExists(atPath: alive.path))
    #expect(try folder.text(".out.mine.tmp") == "mine")
    withExtendedLifetime(claim) {}
  }

  /// A real process that writes reports, killed at any moment, or several of them at once.
  private struct Writers {
    let folder: TemporaryFolder
    let tiecheck: String

    init() throws {
      folder = try TemporaryFolder()
      tiecheck =
        URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("tiecheck").path
      try #require(FileManager.default.isExecutableFile(atPath: tiecheck), "\(tiecheck)")
      for seed in [1, 2] {
        try FileManager.default.createDirectory(
          atPath: folder("from-\(seed)"), withIntermediateDirectories: false)
        let run = TiecheckCommandsTests.tiecheck("check \(small) --seed \(seed) --format json")
        _ = try folder.file("from-\(seed)/result.json", run.output)
      }
    }

    func start(_ seed: Int) throws -> ChildProcess {
      try ChildProcess(
        [tiecheck, "report", "--quiet", "--from", folder("from-\(seed)"), "-o", folder("out")],
        standardError: .relayed { _ in })
    }

    /// Which run the folder's page and record are of; nil where there is no folder.
    func found() throws -> (page: Set<Int>, record: Set<Int>)? {
      guard FileManager.default.fileExists(atPath: folder("out")) else { return nil }
      func seeds(_ text: String) -> Set<Int> {
        Set([1, 2].filter { text.contains("from-\($0)") })
      }
      return (
        seeds(try folder.text("out/report.md")), seeds(try folder.text("out/result.json"))
      )
    }
  }

  @Test func whoeverIsKilledLeavesOneWholeReport() throws {
    let writers = try Writers()
    let rounds = Int(ProcessInfo.processInfo.environment["TIECHECK_KILLS"] ?? "") ?? 10
    var random = SystemRandomNumberGenerator()
    _ = try writers.start(1).finish(within: 60)
    for round in 0..<rounds {
      let process = try writers.start(round % 2 + 1)
      usleep(UInt32.random(in: 0..<400_000, using: &random))
      process.end()
      let found = try #require(try writers.found())
      #expect(found.page == found.record && found.page.count == 1, "round \(round): \(found)")
    }
    _ = try writers.start(1).finish(within: 60)
    let found = try #require(try writers.found())
    #expect(found.page == [1] && found.record == [1])
  }

  @Test func severalRunsAtOnceLeaveTheReportOfOne() throws {
    let writers = try Writers()
    let processes = try (0..<4).map { try writers.start($0 % 2 + 1) }
    for process in processes { #expect(process.finish(within: 60) == .exited(0)) }
    let found = try #require(try writers.found())
    #expect(found.page == found.record && found.page.count == 1)
    #expect(try writers.folder.names() == ["from-1", "from-2", "out"])
  }
}
