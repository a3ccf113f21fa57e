import CheckReport
import Foundation
import GradientCheck
import Testing

@testable import GradientCheckTesting

struct ExpectationTests {
  private let path =
    FileManager.default.temporaryDirectory.appendingPathComponent("expect-\(UUID().uuidString)")
    .path

  private func recorded(_ body: () -> Void) -> [String] {
    Expectation.$environment.withValue(["TIECHECK_RESULTS": path]) { collectingFailures(body) }
  }

  @Test func everyCheckLeavesItsRecord() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    struct Slip: Error {}
    let said = recorded {
      expectGradient(of: { $0[0] * $0[0] }, at: [3], equals: [6], named: "right")
      expectGradient(of: { $0[0] * $0[0] }, at: [3], equals: [7], named: "wrong")
      expectGradient(
        of: { $0[0] * $0[0] }, at: [0], equals: [0], named: "nothing", allowing: [.vacuous])
      expectGradient(of: { $0[0] }, at: [3], equals: { _ in throw Slip() }, named: "thrown")
    }
    #expect(said.count == 2)
    let record = try ResultsFolder(path).record(command: "tiecheck report --from results")
    #expect(record.cases.map(\.name) == ["right", "wrong", "nothing"])
    #expect(record.cases.map(\.isAsExpected) == [true, false, true])
    #expect(record.cases[0].model.hasPrefix("GradientCheckTestingTests/ExpectationTests.swift:"))
    #expect(record.broken?.map(\.name) == ["thrown"])
    let page = MarkdownReport.files(for: record).map(\.contents)
    #expect(!page.contains { String(decoding: $0, as: UTF8.self).contains(path) })
  }

  @Test func aFolderThatCannotBeWrittenIsAFailureOfItsOwn() throws {
    try Data().write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let said = recorded { expectGradient(of: { $0[0] * $0[0] }, at: [3], equals: [6]) }
    #expect(said.count == 1)
    #expect(said[0].contains("could not be written into TIECHECK_RESULTS=\(path)"))
  }
}
