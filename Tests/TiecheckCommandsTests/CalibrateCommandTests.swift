import Calibration
import Foundation
import Testing

@testable import TiecheckCommands

/// `tiecheck calibrate` as it is typed.
@Suite struct CalibrateCommandTests {
  private final class Written: @unchecked Sendable {
    private let lock = NSLock()
    private var data = Data()
    func add(_ more: Data) { lock.withLock { data += more } }
    var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
  }

  private func run(_ arguments: [String]) -> (status: Int32, output: String, error: String) {
    let (output, error) = (Written(), Written())
    let status = Tiecheck.run(
      ["calibrate"] + arguments,
      console: Console(output: { output.add($0) }, error: { error.add($0) }))
    return (status, output.text, error.text)
  }

  @Test("Text, Markdown and JSON of one small run")
  func formats() throws {
    let arguments = ["--entries", "40", "--seed", "2", "--kind", "smooth"]
    let text = run(arguments)
    #expect(text.status == 0 && text.error.isEmpty)
    #expect(text.output.contains("smooth networks in Double, tolerance 1e-06"))
    #expect(!text.output.contains("relu networks"))
    let markdown = run(arguments + ["--format", "markdown"])
    #expect(markdown.output.contains("| rule | false alarms |"))
    let json = run(arguments + ["--format", "json"])
    let result = try JSONDecoder().decode(CalibrationResult.self, from: Data(json.output.utf8))
    #expect(result.populations[0].entries >= 40)
    #expect(result.isSound)
  }

  @Test("What is no number of entries is refused")
  func refusals() {
    #expect(run(["--entries", "0"]).status == 64)
    #expect(run(["--precision", "half"]).status == 64)
  }
}
