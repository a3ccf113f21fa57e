import Foundation
import Testing
import XCTest

@testable import GradientCheckTesting

private func wrong(line: UInt = #line) {
  expectGradient(of: { x in x[0] * x[0] }, at: [1], equals: [3], line: line)
}

struct FailureRecorderTests {
  @Test func swiftTestingGetsOneIssueAtTheCallersLine() {
    nonisolated(unsafe) var places: [Int?] = []
    withKnownIssue {
      wrong(line: 77)
    } matching: { issue in
      places.append(issue.sourceLocation?.line)
      return issue.comments.contains { $0.rawValue.hasPrefix("FAIL  wrong") }
    }
    #expect(places == [77])
  }

  @Test func aThreadOfItsOwnIsStillSwiftTesting() async {
    let library = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: FailureRecorder.library) }
    }
    #expect(library == .swiftTesting)
  }

  @Test func collectedFailuresAreNotRecorded() {
    #expect(collectingFailures { wrong() }.count == 1)
    #expect(collectingFailures {}.isEmpty)
  }
}

#if !canImport(ObjectiveC)
  /// XCTest's own account of a failure, kept instead of passed on.
  final class FailureRecorderXCTests: XCTestCase {
    private var failures: [(description: String, file: String, line: Int)] = []

    override func recordFailure(
      withDescription description: String, inFile filePath: String, atLine lineNumber: Int,
      expected: Bool
    ) {
      failures.append((description, filePath, lineNumber))
    }

    func testXCTestGetsOneFailureAtTheCallersLine() {
      wrong(line: 77)
      let found = failures
      failures = []
      guard found.count == 1, found[0].line == 77, found[0].file == #filePath,
        found[0].description.contains("FAIL  wrong\n")
      else { fatalError("recorded: \(found)") }
    }

    func testAThreadOfItsOwnIsStillXCTest() {
      let done = expectation(description: "checked")
      DispatchQueue.global().async {
        wrong()
        done.fulfill()
      }
      wait(for: [done], timeout: 60)
      guard failures.count == 1 else { fatalError("recorded: \(failures)") }
    }
  }
#endif
