import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct WorkEstimateTests {
  @Test func everyEntryIsCountedAndEveryEntryOfAPathAgain() throws {
    func evaluations(_ options: String) throws -> Double {
      let words = options.split(separator: " ").map(String.init)
      let model = try ModelOptions.parse(words).prepared(for: .check)
      return try WorkEstimate(model.makeObjective(), directions: nil, workers: 1).evaluations
    }
    // A kernel of 12, and biases of 3 and 4; tied, the kernel is measured for each of two uses as well.
    #expect(try evaluations("--features 4 --hidden 3 --batch 2") == 5 * (12 + 7 + 2 * 12))
    #expect(try evaluations("--features 4 --hidden 3 --batch 2 --untied") == 5 * (24 + 7))
  }

  @Test func aCheckThatWouldTakeDaysIsNotBegun() {
    let day = WorkEstimate(evaluations: 1e6, seconds: 0.2, workers: 2)
    #expect(day.total == 1e5)
    let error = #expect(throws: CommandError.self) { try day.require(for: "a model") }
    #expect(error?.status == .usage)
    #expect(error?.description.contains("about 28 hours: 1e+06 evaluations") == true)
    let hour = WorkEstimate(evaluations: 1e5, seconds: 0.072, workers: 2)
    #expect(throws: Never.self) { try hour.require(for: "a model") }
    #expect(hour.text.hasPrefix("about 60 min"))
  }
}
