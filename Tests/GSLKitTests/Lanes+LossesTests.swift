import Foundation
import Testing

@testable import GSLKit

@Suite("Lanes+Losses")
struct LanesLossesTests {
  /// The sum term by term, with libm's functions.
  private func logistic(_ a: [Double], _ t: [Double]) -> Double {
    var sum = CompensatedSum<Double>()
    for (a, t) in zip(a, t) {
      sum.add(a > 0 ? a * (1 - t) : -t * a)
      sum.add(log1p(exp(-abs(a))))
    }
    return sum.value
  }

  private func squares(_ y: [Double], _ t: [Double]) -> Double {
    var sum = CompensatedSum<Double>()
    for (y, t) in zip(y, t) { sum.add((y - t) * (y - t)) }
    return sum.value
  }

  private func lanes(_ a: [Double], _ t: [Double]) -> Double {
    Lanes.sumOfLogisticLosses(logits: a, t, a.count)
  }

  @Test("for any count and size of logits the sums are those of the terms, to the last digit")
  func sums() {
    let u = Double.unitRoundoff
    for count in Array(0..<20) + [63, 64, 65, 130] {
      for scale in [1e-8, 0.1, 1, 8, 400] {
        let random = RandomSource(seed: UInt64(count))
        let a = (0..<count).map { _ in scale * random.uniform(-1, 1) }
        let t = (0..<count).map { _ in random.uniform(0, 1) }
        let right = a.map { $0 > 0 ? 1.0 : 0 }
        let wrong = a.map { $0 > 0 ? 0.0 : 1 }
        for t in [t, right, wrong] {
          #expect(isClose(lanes(a, t), logistic(a, t), within: 6 * u), "\(count) of \(scale)")
        }
        #expect(Lanes.sumOfSquaredDifferences(a, t, count) == squares(a, t))
      }
    }
  }

  @Test("small losses of confident right answers keep their digits, however many there are")
  func confident() {
    let a = (0..<200).map { 40 + Double($0) / 10 }
    let t = [Double](repeating: 1, count: 200)
    #expect(isClose(lanes(a, t), logistic(a, t), within: 1e-15))
    let deep = [Double](repeating: -700, count: 100)
    #expect(
      isClose(lanes(deep, [Double](repeating: 0, count: 100)), 100 * exp(-700), within: 1e-15))
  }

  @Test("terms below round-off of the sum still count")
  func compensated() {
    let y = [1] + [Double](repeating: 1e-9, count: 2001)
    let sum = Lanes.sumOfSquaredDifferences(y, [Double](repeating: 0, count: 2002), 2002)
    #expect(isClose(sum, 1 + 2001e-18, within: Double.unitRoundoff))
  }

  @Test("infinities and NaNs come out")
  func notFinite() {
    #expect(lanes([.infinity, 1, 2, 3, 4], [0, 0, 0, 0, 0]) == .infinity)
    #expect(lanes([1, 2, 3, 4, -.infinity], [0, 0, 0, 0, 1]) == .infinity)
    #expect(lanes([1, .nan], [0, 1]).isNaN)
    #expect(Lanes.sumOfSquaredDifferences([1e200, 1], [0, 0], 2) == .infinity)
    #expect(Lanes.sumOfSquaredDifferences([1, .nan, 2], [0, 0, 0], 3).isNaN)
  }
}
