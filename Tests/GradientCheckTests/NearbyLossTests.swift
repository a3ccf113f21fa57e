import Testing

@testable import GradientCheck

private struct Domain: Error {}

struct NearbyLossTests {
  @Test func whatRaisesIsNotANumberUnlessItIsFinal() throws {
    #expect(try nearbyLoss { 3 } == 3)
    #expect(try nearbyLoss { throw Domain() }.isNaN)
    #expect(throws: Interruption.self) { try nearbyLoss { throw Interruption() } }
    #expect(throws: CancellationError.self) { try nearbyLoss { throw CancellationError() } }
  }

  /// Points that are asked together: only the one that raises loses its value.
  @Test func onePointThatRaisesDoesNotSpoilTheOthers() throws {
    var asked = 0
    let found = try nearbyLosses(Array(-3..<13)) { (points: [Int]) in
      asked += 1
      if points.contains(where: { $0 < 0 }) { throw Domain() }
      return points.map(Double.init)
    }
    #expect(
      found.prefix(3).allSatisfy(\.isNaN) && Array(found.dropFirst(3)) == (0..<13).map(Double.init))
    #expect(asked < 12)
    #expect(throws: Interruption.self) {
      try nearbyLosses([1, 2]) { (_: [Int]) in throw Interruption() }
    }
  }
}
