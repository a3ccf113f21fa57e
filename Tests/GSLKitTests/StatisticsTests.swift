import GSLKit
import Testing

@Suite("Statistics")
struct StatisticsTests {
  @Test("upper quantiles of the normal distribution equal the tables")
  func normalQuantiles() {
    #expect(isClose(normalUpperQuantile(0.025), 1.959963984540054, within: 1e-12))
    #expect(isClose(normalUpperQuantile(0.05), 1.6448536269514722, within: 1e-12))
    #expect(isClose(normalUpperQuantile(0.975), -1.959963984540054, within: 1e-12))
    #expect(isClose(normalUpperQuantile(1e-9), 5.997807015007687, within: 1e-10))
    #expect(abs(normalUpperQuantile(0.5)) < 1e-15)
  }

  @Test("the root mean square of known values")
  func rootMeanSquares() {
    #expect(isClose(rootMeanSquare([1, 7, -5, 5]), 5, within: 1e-15))
    #expect(rootMeanSquare([]) == 0)
    #expect(rootMeanSquare([0, 0]) == 0)
    #expect(rootMeanSquare([-2]) == 2)
  }

  @Test("the root mean square neither overflows nor vanishes")
  func rootMeanSquareRange() {
    #expect(isClose(rootMeanSquare([3e300, 4e300]), 3.5355339059327378e300, within: 1e-15))
    #expect(isClose(rootMeanSquare([3e-300, 4e-300]), 3.5355339059327378e-300, within: 1e-15))
    #expect(rootMeanSquare([1, .infinity]) == .infinity)
  }

  @Test(
    "a NaN among the values is not overlooked",
    arguments: [[Double.nan], [.nan, 0], [0, .nan], [1, .nan], [.nan, 1], [.infinity, .nan]])
  func rootMeanSquareOfNaN(values: [Double]) {
    #expect(rootMeanSquare(values).isNaN)
    #expect(euclideanNorm(values).isNaN)
  }

  @Test("the norm of (3, 4) is 5, also far from 1")
  func norm() {
    #expect(isClose(euclideanNorm([3, 4]), 5, within: 1e-15))
    #expect(isClose(euclideanNorm([3e200, 4e200]), 5e200, within: 1e-15))
    #expect(euclideanNorm([]) == 0)
  }

  @Test("the inner product keeps what a plain loop loses")
  func innerProducts() {
    #expect(innerProduct([1, 2, 3], [4, -5, 6]) == 12)
    let x = [1e16, 1, -1e16]
    var plain = 0.0
    for value in x { plain += value }
    #expect(plain == 0)
    #expect(innerProduct(x, [1, 1, 1]) == 1)
  }

  @Test("quantiles of unsorted values, interpolated")
  func quantiles() {
    let values = [3.0, 1, 4, 2]
    #expect(quantile(values, 0) == 1)
    #expect(quantile(values, 1) == 4)
    #expect(quantile(values, 0.5) == 2.5)
    #expect(isClose(quantile(values, 0.25), 1.75, within: 1e-15))
    #expect(quantile([7], 0.3) == 7)
  }
}
