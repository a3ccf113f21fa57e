import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct ParallelTests {
  private func encoded(_ result: GradientResult) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(result)
  }

  @Test func anyNumberOfWorkersGivesTheSerialResultBitForBit() throws {
    for directions in [0, 3] {
      for activation in [ElementwiseFunction.tanh, .relu] {
        let make: @Sendable () throws -> any Objective = {
          try autoencoder(4, features: 14, hidden: [6], activation: activation)
        }
        let checker = GradientChecker(CheckOptions(directions: directions))
        let serial = try checker.check(try make())
        for workers in [2, 3, 8] {
          let parallel = try checker.check(workers: workers, make)
          #expect(try encoded(parallel) == encoded(serial))
          #expect(parallel.parameters.map(\.numeric) == serial.parameters.map(\.numeric))
        }
      }
    }
  }

  @Test func resultsComeInOrderAndTheFirstErrorIsThrown() throws {
    struct Odd: Error, Equatable { let item: Int }
    #expect(try inParallel(count: 1000, workers: 4) { _, i in i * i } == (0..<1000).map { $0 * $0 })
    #expect(try inParallel(count: 0, workers: 4) { _, i in i }.isEmpty)
    for workers in [1, 4] {
      #expect(throws: Odd(item: 5)) {
        try inParallel(count: 8, workers: workers) { _, i in
          if i >= 5 { throw Odd(item: i) }
          return i
        }
      }
    }
  }

  @Test func anInterruptedCheckKeepsWhatWasFinishedAndSaysSo() throws {
    let progress = CheckProgress()
    var calls = 0
    let base = try autoencoder(2, features: 10, hidden: [6])
    let objective = ClosureObjective(
      base.typedParameters,
      loss: { _ in
        calls += 1
        if calls == 300 { progress.cancel() }
        return try base.value()
      }, gradient: { _ in try base.gradients() })
    let result = try GradientChecker(CheckOptions(progress: progress)).check(objective)
    #expect(result.isUnfinished && result.verdict == .inconclusive)
    let reasons = result.parameters.flatMap(\.entries).filter { $0.verdict == .inconclusive }
      .map(\.reason)
    #expect(!reasons.isEmpty && Set(reasons) == ["interrupted before it was measured"])
    #expect(result.entries.pass > 0)
    #expect(!(try gradientResult(base)).isUnfinished)
  }
}
