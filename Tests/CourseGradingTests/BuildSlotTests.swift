import Foundation
import ModelPipe
import Testing

@testable import CourseGrading

@Suite struct BuildSlotTests {
  @Test func aSlotIsOneJobsAtATime() throws {
    let folder = try TemporaryFolder()
    var first: BuildSlot? = try BuildSlot(in: folder.url, template: [])
    let second = try BuildSlot(in: folder.url, template: [])
    #expect(first?.package.path.contains("slot-1") == true)
    #expect(second.package.path.contains("slot-2"))
    first = nil
    #expect(try BuildSlot(in: folder.url, template: []).package.path.contains("slot-1"))
  }

  @Test func aChangeIsSeenEvenIfItsTimeIsPutBack() throws {
    let folder = try TemporaryFolder()
    try folder.write("object", to: "a/b.o")
    let state = FolderState(folder.url)
    #expect(FolderState(folder.url) == state)
    let file = folder.url.appendingPathComponent("a/b.o")
    let time = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]!
    usleep(20_000)
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: Data("OBJECT".utf8))
    try handle.close()
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file.path)
    #expect(FolderState(folder.url) != state)
  }

  @Test func whatChangedIsNamedAndNoLinkIsFollowed() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", to: "kept")
    try folder.write("a", to: "part/grades.json")
    try folder.write("a", to: "gone")
    let state = FolderState(folder.url)
    #expect(FolderState(folder.url).changes(since: state, in: folder.url).isEmpty)
    try folder.write("other", to: "part/grades.json")
    try folder.write("b", to: "new")
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("gone"))
    #expect(
      FolderState(folder.url).changes(since: state, in: folder.url)
        == ["gone", "new", "part/grades.json"])
    let link = folder.url.appendingPathComponent("link")
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: folder.url.appendingPathComponent("part"))
    let linked = FolderState(link)
    try folder.write("again", to: "part/grades.json")
    #expect(FolderState(link) == linked)
  }

  @Test func ofACrashTheReasonIsKept() {
    let crash = StandardErrorTail(without: "/w/package")
    crash.hear(Data("hello\n/w/package/Layers/A.swift:3: Fatal error: Index".utf8))
    crash.hear(Data(" out of range\nCurrent stack trace:\n0    libc 0x00\n".utf8))
    #expect(crash.text == "Layers/A.swift:3: Fatal error: Index out of range")
    let words = StandardErrorTail(without: "/w/package")
    words.hear(Data((1...9).map { "line \($0)\n" }.joined().utf8))
    #expect(words.text.split(separator: "\n").count == 6 && words.text.hasSuffix("line 9"))
  }

  /// Whatever a student's program finds in its surroundings, it is not the judge's.
  @Test func aProgramStartsInAnEmptyFolderWithoutTheJudgesEnvironment() throws {
    let folder = try TemporaryFolder()
    let slot = try BuildSlot(in: folder.url, template: [])
    try folder.write(
      "#!/bin/sh\nread q; echo \"$(env | sort | cut -d= -f1 | tr '\\n' ' ')|$(ls -A)|$1\"",
      to: "program")
    let program = folder.url.appendingPathComponent("program")
    chmod(program.path, 0o700)
    setenv("TIECHECK_GRADES_SECRET", "x", 1)
    defer { unsetenv("TIECHECK_GRADES_SECRET") }
    let watch = ProcessWatch()
    let started = try slot.answerer(program.path, ["argument"], AnswerLimits(), watch)
    let line = String(decoding: try started.process.exchange(Data("q".utf8)), as: UTF8.self)
    #expect(!line.contains("SECRET") && line.contains("HOME") && line.hasSuffix("||argument"))
    started.process.end()
    watch.remove(started.process)
  }
}
