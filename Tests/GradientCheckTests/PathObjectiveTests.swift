import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct PathObjectiveTests {
  @Test func transposingTwiceIsNothing() {
    let values = [1.0, 2, 3, 4, 5, 6]
    #expect(transposed(values, rows: 2, columns: 3) == [1, 4, 2, 5, 3, 6])
    #expect(transposed(transposed(values, rows: 2, columns: 3), rows: 3, columns: 2) == values)
  }

  @Test func aChangeStandsWhileTheBodyRunsAndIsPutBackBitForBit() throws {
    let parameter = Parameter<Double>("x", [-0.0, 2])
    parameter.standing(.entry(0, to: 5)) { #expect(parameter.flat == [5, 2]) }
    parameter.standing(.values([3, 4])) { #expect(parameter.flat == [3, 4]) }
    #expect(throws: Interruption.self) {
      try parameter.standing(.values([3, 4])) { throw Interruption() }
    }
    #expect(parameter.flat.map(\.bitPattern) == [(-0.0).bitPattern, 2.0.bitPattern])
  }
}
