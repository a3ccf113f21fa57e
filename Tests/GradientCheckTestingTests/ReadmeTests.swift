import Foundation
import GradientCheckTesting
import Testing

/// The README's example of a test is in this file, word for word, and says what the README says.
struct ReadmeTests {
  @Test func cubes() throws {
    let said = collectingFailures {
      // f(x) = sum x_i^3 / 3, and a gradient with the same mistake.
      expectGradient(
        of: { x in x.reduce(0) { $0 + $1 * $1 * $1 / 3 } }, at: [0.3, -0.7, 1.1],
        equals: { x in [x[0] * x[0], x[1] * x[1], x[2]] })
    }
    let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("README.md")
    #expect(said.count == 1)
    // An error bound has another last digit elsewhere.
    let text = try String(contentsOf: readme, encoding: .utf8).replacing(/\d\.\de-\d\d/, with: "E")
    #expect(
      text.contains("```\n\(said[0].replacing(/\d\.\de-\d\d/, with: "E"))\n```"), "\(said[0])")
  }
}
