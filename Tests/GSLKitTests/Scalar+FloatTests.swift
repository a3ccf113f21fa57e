import GSLKit
import Testing

@Suite("Scalar+Float")
struct ScalarFloatTests {
  @Test("every function is the Double one, rounded to Float, and so is every slope")
  func agreesWithDouble() throws {
    let random = RandomSource(seed: 2)
    let points = (0..<100).map { _ in Float(random.uniform(-20, 20)) } + [-700, -80, 80, 700, 0]
    let u = Float.unitRoundoff
    for f in ElementwiseFunction.allCases {
      for x in points {
        let (single, double) = (Double(value(f, x)), value(f, Double(x)))
        // Below the normal range a Float has fewer digits; that is what the second term allows.
        let least = Double(Float.leastNormalMagnitude)
        #expect(isClose(single, double, within: 6 * u, scale: least), "\(f)(\(x))")
        let (slope32, slope64) = (Double(try slope(f, x)), try slope(f, Double(x)))
        let scale = f == .tanh ? 1 : least
        #expect(isClose(slope32, slope64, within: 6 * u, scale: scale), "\(f)'(\(x))")
      }
    }
  }

  @Test("softmax in Float is that in Double, rounded")
  func softmax() {
    for seed in 1...10 as ClosedRange<UInt64> {
      var single: Matrix<Float> = randomMatrix(3, 5, RandomSource(seed: seed))
      var double = single.converted(to: Double.self)
      single.softmaxRows()
      double.softmaxRows()
      for (a, e) in zip(single.elements, double.elements) {
        #expect(isClose(Double(a), e, within: 10 * Float.unitRoundoff))
      }
    }
  }
}
