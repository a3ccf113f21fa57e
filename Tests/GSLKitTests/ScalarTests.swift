import Foundation
import GSLKit
import Testing

@Suite("Scalar")
struct ScalarTests {
  @Test("the unit round-off is the largest relative error of one rounding")
  func unitRoundoffs() {
    #expect(Double.unitRoundoff == 0x1p-53)
    #expect(Float.unitRoundoff == 0x1p-24)
    #expect(1 + Double.unitRoundoff == 1)
    #expect(1 + Double.unitRoundoff * 1.01 > 1)
  }

  // MARK: Compensated sums

  @Test("a compensated sum keeps what a plain loop loses, in either order of magnitudes")
  func compensatedSum() {
    func sums<S: Scalar>(_ terms: [S]) -> (plain: S, compensated: S) {
      var plain: S = 0
      var compensated = CompensatedSum<S>()
      for term in terms {
        plain += term
        compensated.add(term)
      }
      return (plain, compensated.value)
    }
    // Neumaier's own example: Kahan's sum is 0 here as well.
    #expect(sums([1, 1e100, 1, -1e100]) == (0, 2))
    #expect(sums([1, 1e20, 1, -1e20] as [Float]) == (0, 2))
    let small = sums([1] + [Double](repeating: 1e-16, count: 10_000))
    #expect(small.plain == 1)
    #expect(isClose(small.compensated, 1 + 1e-12, within: 2e-16))
  }

  @Test("the error of a compensated sum does not grow with the number of terms")
  func compensatedSumOfMany() {
    // 0.1 as a Float is exactly 13421773 / 2^27, so the sum is known.
    var sum = CompensatedSum<Float>()
    var plain: Float = 0
    for _ in 0..<20_000 {
      sum.add(0.1)
      plain += 0.1
    }
    let exact = 20_000 * Double(Float(0.1))
    #expect(isClose(Double(sum.value), exact, within: Float.unitRoundoff))
    #expect(!isClose(Double(plain), exact, within: 100 * Float.unitRoundoff))
  }

  @Test("infinities and NaNs come out of a compensated sum as of a plain one")
  func compensatedSumOfInfinities() {
    func sum(_ terms: Double...) -> Double {
      var sum = CompensatedSum<Double>()
      for term in terms { sum.add(term) }
      return sum.value
    }
    #expect(sum() == 0)
    #expect(sum(1, .infinity, 2) == .infinity)
    #expect(sum(1e308, 1e308) == .infinity)
    #expect(sum(.infinity, -.infinity).isNaN)
    #expect(sum(1, .nan, 2).isNaN)
  }

  // MARK: Sums of losses, through every Scalar

  private func squares<S: Scalar>(_ y: [S], _ t: [S]) -> S {
    S.sumOfSquaredDifferences(y, t, y.count)
  }

  private func logistic<S: Scalar>(_ a: [S], _ t: [S]) -> S {
    S.sumOfLogisticLosses(logits: a, t, a.count)
  }

  private func bernoulli<S: Scalar>(_ y: [S], _ t: [S]) -> S {
    S.sumOfBernoulliLosses(probabilities: y, t, y.count)
  }

  private func softmax<S: Scalar>(_ a: [S], _ t: [S], columns: Int) -> S {
    S.sumOfSoftmaxLosses(logits: a, t, a.count / columns, columns)
  }

  private func checkLosses<S: Scalar>(_ type: S.Type) {
    let tolerance = 20 * S.unitRoundoff
    for seed in 1...30 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let columns = 1 + random.integer(below: 5)
      let count = columns * (1 + random.integer(below: 4))
      let y = (0..<count).map { _ in S(random.uniform(-4, 4)) }
      let p = (0..<count).map { _ in S(random.uniform(0.05, 0.95)) }
      let t = (0..<count).map { _ in S(random.uniform(0, 1)) }
      var expected = [0.0, 0, 0, 0]
      for i in 0..<count {
        let (y, p, t) = (Double(y[i]), Double(p[i]), Double(t[i]))
        expected[0] += (y - t) * (y - t)
        let sigmoid = 1 / (1 + exp(-y))
        expected[1] -= t * log(sigmoid) + (1 - t) * log(1 - sigmoid)
        expected[2] -= t * log(p) + (1 - t) * log(1 - p)
      }
      for row in stride(from: 0, to: count, by: columns) {
        var total = 0.0
        for j in row..<(row + columns) { total += exp(Double(y[j])) }
        for j in row..<(row + columns) {
          expected[3] -= Double(t[j]) * log(exp(Double(y[j])) / total)
        }
      }
      let actual = [
        squares(y, t), logistic(y, t), bernoulli(p, t), softmax(y, t, columns: columns),
      ]
      for (a, e) in zip(actual, expected) {
        #expect(isClose(Double(a), e, within: tolerance, scale: 1), "seed \(seed), \(type)")
      }
    }
  }

  @Test("sums of losses equal the plain formulas, in Double and Float")
  func plainFormulas() {
    checkLosses(Double.self)
    checkLosses(Float.self)
  }

  private func checkCompensation<S: Scalar>(_ type: S.Type) {
    // One term of 1, then terms so small that a plain sum does not see any of them.
    let count = 2000
    let tiny = S(S.unitRoundoff) / 4
    let root = tiny.squareRoot()
    let small = (0..<count).map { $0 == 0 ? 1 : root }
    let zero = [S](repeating: 0, count: count)
    var plain: S = 0
    for y in small { plain += y * y }
    #expect(plain == 1)
    let exact = 1 + Double(count - 1) * Double(root) * Double(root)
    #expect(isClose(Double(squares(small, zero)), exact, within: S.unitRoundoff))

    // -log1p(-y) and softplus(a) are y and exp(a) to the first order.
    let one = S(1 - exp(-1.0))
    let head = -log(1 - Double(one))
    let probabilities = (0..<count).map { $0 == 0 ? one : tiny }
    #expect(
      isClose(
        Double(bernoulli(probabilities, zero)), head + Double(count - 1) * Double(tiny),
        within: 2 * S.unitRoundoff))
    let depth = S(log(Double(tiny)))
    let logits = (0..<count).map { $0 == 0 ? S(0.5) : depth }
    let expected = log1p(exp(0.5)) + Double(count - 1) * log1p(exp(Double(depth)))
    #expect(isClose(Double(logistic(logits, zero)), expected, within: 4 * S.unitRoundoff))
  }

  @Test("losses sum with compensation: two thousand terms below round-off still count")
  func compensatedLosses() {
    checkCompensation(Double.self)
    checkCompensation(Float.self)
  }

  private func checkExtremes<S: Scalar>(_ type: S.Type) {
    // The true values: softplus(a) - t a.
    for (a, t, expected) in [
      (1e4, 1, 0), (1e4, 0, 1e4), (-1e4, 1, 1e4), (-1e4, 0, 0), (1e4, 0.25, 7500),
      (-1e4, 0.25, 2500),
    ] as [(S, S, S)] {
      #expect(logistic([a], [t]) == expected, "a = \(a), t = \(t)")
    }
    // The row's largest logit is taken out first.
    #expect(softmax([1e4, -1e4, 0], [1, 0, 0], columns: 3) == 0)
    #expect(softmax([1e4, -1e4, 0], [0, 1, 0], columns: 3) == 2e4)
    #expect(softmax([-1e4, -1e4], [0, 1], columns: 2) == S(log(2.0)))
    #expect(softmax([1e4, 1e4], [0.5, 0.5], columns: 2) == S(log(2.0)))
    // 0 log 0 is 0; a certainty that is wrong costs infinitely much.
    #expect(bernoulli([0, 1] as [S], [0, 1]) == 0)
    #expect(bernoulli([0] as [S], [1]) == .infinity)
    #expect(bernoulli([1] as [S], [0]) == .infinity)
    #expect(squares([1e4, -1e4] as [S], [0, 0]) == 2e8)
  }

  @Test("losses at logits of +-1e4 are their true, finite values")
  func extremeLogits() {
    checkExtremes(Double.self)
    checkExtremes(Float.self)
  }

  private func checkMirror<S: Scalar>(_ type: S.Type) {
    for logit in [0.5, 3, 20, 37, 40, 80] as [S] {
      let right = logistic([logit], [1])
      #expect(right == logistic([-logit], [0]), "\(type), logit \(logit)")
      #expect(
        isClose(Double(right), log1p(exp(-Double(logit))), within: 4 * S.unitRoundoff),
        "\(type), logit \(logit)")
    }
  }

  @Test("a confident right answer keeps every digit of its small loss, whichever class it is")
  func confidentAnswers() {
    checkMirror(Double.self)
    checkMirror(Float.self)
  }

  @Test("a NaN anywhere makes the loss NaN")
  func lossesOfNaN() {
    for position in 0..<3 {
      var bad = [0.5, 0.25, 0.125]
      bad[position] = .nan
      let t = [0.2, 0.3, 0.5]
      #expect(squares(bad, t).isNaN)
      #expect(logistic(bad, t).isNaN)
      #expect(bernoulli(bad, t).isNaN)
      #expect(softmax(bad, t, columns: 3).isNaN)
    }
  }

  // MARK: Gathering

  private func checkGathering<S: Scalar>(_ type: S.Type) {
    let indices: [Int32] = [2, -1, 0, 2]
    var gathered = [S](repeating: 9, count: 4)
    S.gather([10, 20, 30], indices, &gathered, 4)
    #expect(gathered == [30, 0, 10, 30])
    // Added to what stands there; what was read twice gets both.
    var scattered: [S] = [1, 2, 3]
    S.scatterAdd([100, 200, 300, 400], indices, &scattered, 4)
    #expect(scattered == [301, 2, 503])
  }

  @Test("gathering reads 0 at a negative index, and scattering is its adjoint")
  func gathering() {
    checkGathering(Double.self)
    checkGathering(Float.self)
  }

  // MARK: Laws of the elementwise functions

  @Test("the functions have the names that model files use")
  func names() {
    #expect(
      ElementwiseFunction.allCases.map(\.rawValue)
        == ["identity", "tanh", "sigmoid", "relu", "softplus"])
  }

  private func checkLaws<S: Scalar>(_ type: S.Type) throws {
    let u = S.unitRoundoff
    let random = RandomSource(seed: 11)
    for _ in 0..<200 {
      let x = S(random.uniform(-30, 30))
      let (y, s) = (Double(value(.sigmoid, x)), Double(value(.sigmoid, -x)))
      #expect(isClose(y + s, 1, within: 4 * u))
      #expect(value(.tanh, -x) == -value(.tanh, x))
      let difference = Double(value(.softplus, x)) - Double(value(.softplus, -x))
      #expect(isClose(difference, Double(x), within: 4 * u, scale: 1))
      #expect(value(.relu, x) - value(.relu, -x) == x)
      #expect(value(.identity, x) == x)

      // sigmoid'(x) = 1 / (4 cosh^2(x/2)), to full relative precision.
      let half = cosh(Double(x) / 2)
      #expect(isClose(Double(try slope(.sigmoid, x)), 1 / (4 * half * half), within: 12 * u))
      #expect(try slope(.softplus, x) == value(.sigmoid, x))
      // tanh'(x) = 1 / cosh^2(x), to an absolute 2 u: tanh itself is rounded near 1.
      let whole = cosh(Double(x))
      #expect(abs(Double(try slope(.tanh, x)) - 1 / (whole * whole)) <= 3 * u)
      #expect(try slope(.relu, x) == (x > 0 ? 1 : 0))
      #expect(try slope(.identity, x) == 1)
    }
  }

  @Test("functions and derivatives obey their identities, in Double and Float")
  func identities() throws {
    try checkLaws(Double.self)
    try checkLaws(Float.self)
  }

  private func checkInfinities<S: Scalar>(_ type: S.Type) throws {
    #expect(value(.tanh, S.infinity) == 1)
    #expect(value(.tanh, -S.infinity) == -1)
    #expect(value(.sigmoid, S.infinity) == 1)
    #expect(value(.sigmoid, -S.infinity) == 0)
    #expect(value(.softplus, S.infinity) == .infinity)
    #expect(value(.softplus, -S.infinity) == 0)
    #expect(value(.relu, S.infinity) == .infinity)
    #expect(value(.relu, -S.infinity) == 0)
    for f in ElementwiseFunction.allCases {
      #expect(value(f, S.nan).isNaN, "\(f)")
      for x in [-S.infinity, -1e3, -700, 0, 700, 1e3, .infinity] as [S] {
        #expect(try slope(f, x).isFinite, "\(f) at \(x)")
        #expect(!value(f, x).isNaN, "\(f) at \(x)")
      }
    }
    #expect(try slope(.relu, S(0)) == 0)
  }

  @Test("infinities have their limits, a NaN stays a NaN, and relu'(0) is 0")
  func infinities() throws {
    try checkInfinities(Double.self)
    try checkInfinities(Float.self)
  }

  @Test("the derivative multiplies what stands there already")
  func derivativeMultiplies() throws {
    for f in ElementwiseFunction.allCases {
      let point = try Matrix([[0.3, -0.7], [1.9, -2.2]])
      var cotangent = try Matrix([[2.0, -3], [0.5, 7]])
      let before = cotangent
      try cotangent.multiplyByDerivative(of: f, at: point)
      for i in 0..<4 {
        let expected = before.elements[i] * (try slope(f, point.elements[i]))
        #expect(isClose(cotangent.elements[i], expected, within: 1e-15), "\(f)")
      }
    }
  }
}
