import GradientCheck
import Testing

@testable import TiecheckCommands

@Suite struct StandardCasesTests {
  @Test func whatIsChecked() throws {
    let models = try StandardCases.requests(seed: 1).map { try $0.prepared(for: .check) }
    #expect(
      models.map(\.name) == [
        "original pair, as it was meant", "tied autoencoder 64-16-64 on digits",
        "untied autoencoder 64-16-64 on digits", "tied autoencoder 64-24-8-24-64 on digits",
        "original pair, as it was written",
      ])
    #expect(models.map(\.isWrong) == [false, false, false, false, true])
    let summaries = try models.map { try $0.summary().totalParameters }
    #expect(
      summaries == [
        25 + 5 + 5, 64 * 16 + 16 + 64, 2 * 64 * 16 + 16 + 64,
        64 * 24 + 24 * 8 + 24 + 8 + 24 + 64, 25 + 5,
      ])
    for model in models[1...3] { #expect(try model.rightObjective().input.rows == 32) }
  }
}
