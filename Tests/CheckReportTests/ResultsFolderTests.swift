import Foundation
import GradientCheck
import Testing

@testable import CheckReport

/// A folder of its own, gone when this is.
private final class Scratch {
  let path =
    FileManager.default.temporaryDirectory.appendingPathComponent("results-\(UUID().uuidString)")
    .path
  var folder: ResultsFolder { ResultsFolder(path) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  func file(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}

private func origin(_ line: Int, _ function: String = "kernel()", run: String = "1") -> TestOrigin {
  TestOrigin(file: "T/A.swift", function: function, line: line, column: 5, run: run)
}

private func record(_ record: CheckRecord, _ origin: TestOrigin) -> CheckRecord {
  CheckRecord(seed: 7, command: "swift test", cases: record.cases, origin: origin)
}

struct ResultsFolderTests {
  private let scratch = Scratch()
  private var folder: ResultsFolder { scratch.folder }

  private func write(_ name: String, _ origin: TestOrigin, _ found: CheckRecord) throws {
    try folder.begin(name, origin, command: "swift test", seed: 7).write(record(found, origin))
  }

  @Test func theReportIsInTheOrderOfTheLinesWhateverOrderTheTestsRanIn() throws {
    try write("c", origin(30), Records.vacuous)
    try write("a", origin(9), Records.passing)
    try write("b", origin(10), Records.failing)
    let merged = try folder.record(command: "tiecheck report --from results")
    #expect(merged.cases.map(\.name) == ["original", "forgetful decoder", "at the identity"])
    #expect(merged.verdict == .fail && merged.broken == nil && merged.origin == nil)
    #expect(merged.command == "tiecheck report --from results")
    #expect(try merged.json() == folder.record(command: merged.command).json())
  }

  @Test func manyThreadsAtOnceLoseNothing() throws {
    let (folder, records) = (folder, [Records.passing, Records.missingTie])
    DispatchQueue.concurrentPerform(iterations: 64) { i in
      let place = origin(5, "many(_:)")
      try? folder.begin("many", place, command: "swift test", seed: 7)
        .write(record(records[i % 2], place))
    }
    let merged = try folder.record(command: "")
    #expect(merged.cases.count == 64)
    // Checks at one place are told apart by what they say: the order is always the same.
    #expect(merged.cases.prefix(32).allSatisfy { $0.name == merged.cases[0].name })
    #expect(scratch.names.allSatisfy { $0.hasSuffix(".json") && !$0.hasPrefix(".") })
  }

  @Test func aCheckThatTookTheProcessDownIsInTheReport() throws {
    try write("a", origin(9), Records.passing)
    _ = try folder.begin("b", origin(10), command: "swift test", seed: 7)
    let merged = try folder.record(command: "")
    #expect(merged.verdict == .fail && merged.cases.count == 1)
    let broken = try #require(merged.broken?.first)
    #expect(broken.name == "b" && broken.place == "T/A.swift:10")
    #expect(broken.sentence.contains("did not end"))
    let page = String(decoding: MarkdownReport.files(for: merged)[0].contents, as: UTF8.self)
    #expect(page.contains("## Checks that gave no result"))
    #expect(page.contains("**Verdict: fail.** 1 check gave no result."))
    let text = TextReport.text(for: merged, color: false)
    #expect(text.contains("FAIL  b\n  It began and did not end"))
  }

  @Test func anotherRunOfTheSameCheckReplacesItAndLeavesTheOthers() throws {
    try write("a", origin(9, run: "1"), Records.failing)
    try write("b", origin(10, "other()", run: "1"), Records.passing)
    // As if an earlier process had written them.
    for name in scratch.names {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1)],
        ofItemAtPath: "\(scratch.path)/\(name)")
    }
    try write("a", origin(12, run: "2"), Records.passing)
    try write("a", origin(13, run: "2"), Records.passing)
    let merged = try folder.record(command: "")
    #expect(merged.cases.count == 3 && merged.verdict == .pass)
  }

  @Test func reportsInSubfoldersAreMergedToo() throws {
    try scratch.file(
      "shard-2/result.json", String(decoding: Records.failing.json(), as: UTF8.self))
    try scratch.file(
      "shard-1/result.json", String(decoding: Records.passing.json(), as: UTF8.self))
    try scratch.file("shard-1/notes.json", "{\"schema\": \"something else\"}")
    try scratch.file("shard-1/package.json", "[]")
    try scratch.file(".hidden/x.json", "{\"schema\": \"tiecheck-result/9\"}")
    let merged = try folder.record(command: "")
    #expect(merged.cases.map(\.name) == ["original", "forgetful decoder"])
  }

  @Test func whatCannotBeReadIsToldByName() throws {
    func message() -> String {
      do { return "\(try folder.record(command: ""))" } catch { return "\(error)" }
    }
    #expect(message().contains("does not exist. 'TIECHECK_RESULTS="))
    try scratch.file("x.txt", "")
    #expect(message().contains("there are no results in"))
    try scratch.file("new.json", "{\"schema\": \"tiecheck-result/9\"}")
    #expect(message().contains("new.json has the schema tiecheck-result/9"))
    try scratch.file("new.json", "{\"schema\": \"tiecheck-result/1\"}")
    #expect(message().contains("new.json is not a record of tiecheck's"))
  }
}
