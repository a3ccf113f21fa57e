import CheckReport
import Foundation

/// Where a test asked: what a failure points at, and what a record says it comes from.
struct CallSite {
  let fileID: StaticString
  let filePath: StaticString
  let line: UInt
  let column: UInt
  let function: StaticString

  init(
    _ fileID: StaticString, _ filePath: StaticString, _ line: UInt, _ column: UInt,
    _ function: StaticString
  ) {
    self.fileID = fileID
    self.filePath = filePath
    self.line = line
    self.column = column
    self.function = function
  }

  /// The test's function without its parentheses: what a check is called if it is not named.
  var name: String {
    String("\(function)".prefix { $0 != "(" }).replacing("`", with: "")
  }

  var origin: TestOrigin {
    TestOrigin(
      file: "\(fileID)", function: "\(function)", line: Int(line), column: Int(column),
      run: Self.run)
  }

  /// All processes of one `swift test` have one parent.
  private static let run =
    "\(getppid())-\(ResultsFolder.hash(ProcessInfo.processInfo.hostName).prefix(6))"
}
