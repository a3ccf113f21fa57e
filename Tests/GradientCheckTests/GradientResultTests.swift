import Foundation
import Testing

@testable import GradientCheck

struct GradientResultTests {
  @Test func countsAddUp() throws {
    var counts = EntryCounts()
    for verdict in [Verdict.pass, .fail, .inconclusive, .kink, .pass, .vacuous] {
      counts.add(verdict)
    }
    #expect((counts.total, counts.pass, counts.fail) == (6, 2, 1))
    #expect((counts.inconclusive, counts.kink, counts.vacuous) == (1, 1, 1))
    var twice = counts
    twice.add(counts)
    #expect((twice.total, twice.pass, twice.fail) == (12, 4, 2))
    #expect((twice.inconclusive, twice.kink, twice.vacuous) == (2, 2, 2))
  }

  @Test func residualIsClaimedMinusMeasured() throws {
    let objective = Tampered(try autoencoder(1)) { $0[0]![2] += 0.5 }
    let tensor = try gradientResult(objective).parameters[0]
    #expect(abs(tensor.residual[2] - 0.5) < 1e-6)
    #expect(abs(tensor.entries[2].difference - 0.5) < 1e-6)
    #expect(tensor.numeric.count == 12 && tensor.bounds.allSatisfy { $0 > 0 })
  }

  @Test func theRecordHoldsTheWorstEntriesAndNotAll() throws {
    let encoder = JSONEncoder()
    let data = try encoder.encode(gradientResult(autoencoder(1)))
    let read = try JSONDecoder().decode(GradientResult.self, from: data)
    #expect(read.parameters[0].entries.isEmpty && read.parameters[0].worst.count == 5)
    let text = String(decoding: data, as: UTF8.self)
    for key in ["max_relative_error", "differing_measurably", "sensitivity", "tolerance"] {
      #expect(text.contains("\"\(key)\""))
    }
  }
}
