import Foundation
import Testing

@testable import GradientCheck

struct TieResultTests {
  @Test func theRecordNamesItsPartsAndLeavesTheMeasurementsOut() throws {
    let result = try tieResult(try autoencoder(1))
    #expect(result.groups[0].measured.count == 2)
    let data = try JSONEncoder().encode(result)
    let read = try JSONDecoder().decode(TieResult.self, from: data)
    #expect(read.groups[0].measured.isEmpty)
    #expect(read.groups[0].paths.map(\.layer) == ["encoder", "decoder"])
    let text = String(decoding: data, as: UTF8.self)
    for key in ["sum_rule", "max_claimed_error", "claimed_norm", "share", "follows", "identity"] {
      #expect(text.contains("\"\(key)\""))
    }
  }
}
