import GSLKit
import Testing

@Suite("leastSquares")
struct LeastSquaresTests {
  private func expectClose(_ actual: [Double], _ expected: [Double], _ what: String) {
    #expect(actual.count == expected.count)
    for (a, e) in zip(actual, expected) {
      #expect(isClose(a, e, within: 1e-12, scale: 0.1), "\(what): \(a), not \(e)")
    }
  }

  @Test("exact combinations are recovered, over many seeds")
  func exactCombinations() throws {
    for seed in 1...30 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let p = 1 + random.integer(below: 4)
      let n = p + random.integer(below: 6)
      let columns = (0..<p).map { _ in (0..<n).map { _ in random.normal() } }
      let truth = (0..<p).map { _ in random.uniform(-3, 3) }
      let observations = (0..<n).map { i in (0..<p).reduce(0) { $0 + truth[$1] * columns[$1][i] } }
      let deviations = (0..<n).map { _ in random.uniform(0.5, 2) }
      let fit = try leastSquares(
        columns: columns, observations: observations, deviations: deviations)
      for (found, true_) in zip(fit.coefficients, truth) {
        #expect(isClose(found, true_, within: 1e-9, scale: 1), "seed \(seed)")
      }
      #expect(fit.chiSquared < 1e-20, "seed \(seed)")
    }
  }

  @Test("a line through (0, 1), (1, 2), (2, 4): coefficients, covariance and residue by hand")
  func line() throws {
    // X^T X = [[3, 3], [3, 5]], its inverse [[5, -3], [-3, 3]] / 6; the residuals are 1/6, -1/3, 1/6.
    let columns = [[1.0, 1, 1], [0, 1, 2]]
    let fit = try leastSquares(
      columns: columns, observations: [1, 2, 4], deviations: [1, 1, 1])
    expectClose(fit.coefficients, [5.0 / 6, 1.5], "coefficients")
    expectClose(fit.covariance[0] + fit.covariance[1], [5.0 / 6, -0.5, -0.5, 0.5], "covariance")
    expectClose([fit.chiSquared], [1.0 / 6], "chi squared")

    let twice = try leastSquares(
      columns: columns, observations: [1, 2, 4], deviations: [2, 2, 2])
    expectClose(twice.coefficients, [5.0 / 6, 1.5], "coefficients, deviations doubled")
    expectClose(twice.covariance[0], [20.0 / 6, -2], "covariance, deviations doubled")
    expectClose([twice.chiSquared], [1.0 / 24], "chi squared, deviations doubled")
  }

  @Test("observations weigh by their deviations: a weighted mean by hand")
  func weightedMean() throws {
    // Weights 1 and 1/4: mean (10 + 20/4) / 1.25 = 12, variance 1 / 1.25.
    let fit = try leastSquares(columns: [[1, 1]], observations: [10, 20], deviations: [1, 2])
    expectClose(fit.coefficients, [12], "mean")
    expectClose(fit.covariance[0], [0.8], "variance")
  }

  @Test("a NaN in the design is not smoothed over")
  func notFinite() throws {
    let fit = try leastSquares(
      columns: [[1, .nan, 1], [1, 2, 4]], observations: [1, 2, 3], deviations: [1, 1, 1])
    #expect(!fit.coefficients.contains { $0.isFinite })
  }

  @Test("more columns than observations, or no column, is an error and not a crash")
  func underdetermined() {
    let error = #expect(throws: GSLError.self) {
      try leastSquares(columns: [[1], [2]], observations: [1], deviations: [1])
    }
    #expect(error?.routine == "gsl_multifit_wlinear")
    #expect(throws: GSLError.self) {
      try leastSquares(columns: [], observations: [1], deviations: [1])
    }
  }
}
