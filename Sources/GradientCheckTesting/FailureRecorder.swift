import Foundation
import Testing
import XCTest

/// Records a failure with the library that runs the test.
///
/// It matters which: on Swift 6.3 an XCTFail inside @Test, and an Issue.record inside an XCTestCase,
/// vanish without a word.
enum FailureRecorder {
  enum Library: Equatable { case swiftTesting, xcTest, none }

  /// The library that is running now. `swift test` starts one process for each.
  static var library: Library {
    if Test.current != nil { return .swiftTesting }
    // A detached task of a test knows no test. Its process knows what it was started for.
    let process = ProcessInfo.processInfo
    let arguments = process.arguments
    if let i = arguments.firstIndex(of: "--testing-library"), i + 1 < arguments.count {
      return arguments[i + 1] == "swift-testing" ? .swiftTesting : .xcTest
    }
    if process.processName.hasPrefix("swiftpm-testing-helper") { return .swiftTesting }
    let isXCTest =
      process.processName == "xctest" || process.processName.hasSuffix(".xctest")
      || process.environment["XCTestConfigurationFilePath"] != nil
    return isXCTest ? .xcTest : .none
  }

  static func record(_ message: String, at site: CallSite) {
    if let collector = Collector.current {
      collector.add(message)
      return
    }
    switch library {
    case .swiftTesting:
      Issue.record(
        Comment(rawValue: message),
        sourceLocation: SourceLocation(
          fileID: "\(site.fileID)", filePath: "\(site.filePath)", line: Int(site.line),
          column: Int(site.column)))
    case .xcTest:
      XCTFail(message, file: site.filePath, line: site.line)
    case .none:
      let line = "\(site.fileID):\(site.line): error: \(message)\n"
      try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
  }
}

/// Failures kept instead of recorded.
final class Collector: @unchecked Sendable {
  @TaskLocal static var current: Collector?

  private let lock = NSLock()
  private var kept: [String] = []

  func add(_ message: String) { lock.withLock { kept.append(message) } }
  var messages: [String] { lock.withLock { kept } }
}

/// Runs checks that are meant to fail, and gives what they would have said: for a test of a wrong
/// model, and for a lesson that shows a failure.
///
///     let said = collectingFailures { expectGradient(of: wrong) }
///     #expect(said.count == 1)
public func collectingFailures(_ body: () throws -> Void) rethrows -> [String] {
  let collector = Collector()
  try Collector.$current.withValue(collector, operation: body)
  return collector.messages
}
