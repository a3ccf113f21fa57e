import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

@Suite struct SecondPointTests {
  private let parameters: [any AnyParameter] = [
    Parameter<Double>("W", [1, -2, 0, 1e-9]), Parameter<Double>("b", [0, 0]),
    Parameter<Float>("c", [3]),
  ]

  @Test func everyNumberMovesByAThousandthOfItsOwnSize() {
    let before = parameters.map(\.flat)
    let point = SecondPoint(parameters, seed: 1)
    for (p, values) in point.values.enumerated() {
      let scale = tensorScale(before[p])
      for (x, moved) in zip(before[p], values) {
        let amount = abs(moved - x) / (x == 0 ? scale : min(scale, abs(x)))
        #expect((0.6e-3...3.1e-3).contains(amount), "\(x) -> \(moved)")
      }
    }
    #expect(parameters.map(\.flat) == before, "the parameters stay where they are")
  }

  @Test func aFloatHoldsTheSecondPointOfADoubleModel() {
    let point = SecondPoint(parameters, seed: 2)
    #expect(point.values.joined().allSatisfy { Double(Float($0)) == $0 })
    let tiny = SecondPoint([Parameter<Double>("W", [1e-308])], seed: 2)
    #expect(tiny.values[0][0] != 1e-308 && tiny.values[0][0] > 0)
  }

  @Test func fixedRowsStay() throws {
    let kernel = Parameter<Double>("E", try Matrix([[1, 2], [3, 4]]), fixedRows: [0])
    let point = SecondPoint([kernel], seed: 1)
    #expect(point.values[0][0...1] == [1, 2])
    #expect(point.values[0][2] != 3 && point.values[0][3] != 4)
  }

  @Test func eachPointBetweenSharesTheOtherHalfOfTheParameters() {
    let point = SecondPoint(parameters, seed: 3)
    #expect(point.between.count == 2)
    for p in parameters.indices {
      let stays = point.between.map { $0[p] == point.values[p] }
      #expect(stays == [true, false] || stays == [false, true])
    }
    let alone = SecondPoint([Parameter<Double>("x", [1, 2, 3, 4])], seed: 3)
    for i in 0..<4 {
      #expect(alone.between.count { $0[0][i] == alone.values[0][i] } == 1)
    }
  }

  @Test func answersComeFromTheSecondPointAndThePointIsPutBack() throws {
    let parameter = Parameter<Double>("x", [1, 2])
    let point = SecondPoint([parameter], seed: 1)
    var seen: [[Double]] = []
    let answers = try point.asked([parameter]) {
      seen.append(parameter.flat)
      return parameter.flat
    }
    #expect(answers == [point.values[0], point.values[0]])
    let (second, between) = (point.values[0], point.between.map { $0[0] })
    #expect(seen == [between[0], second, between[0], between[1], second])
    #expect(parameter.flat == [1, 2])
  }
}
