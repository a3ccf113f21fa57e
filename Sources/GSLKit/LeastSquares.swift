import CGSL

/// A linear least-squares fit.
package struct LeastSquaresFit: Equatable, Sendable {
  /// One coefficient for each column of the design.
  package let coefficients: [Double]
  /// Their covariance for observations of the stated deviations, row by row.
  package let covariance: [[Double]]
  /// The weighted sum of the squared residuals.
  package let chiSquared: Double
}

/// Fits `observations` by a linear combination of `columns` (gsl_multifit_wlinear).
///
/// - Parameters:
///   - columns: the signatures, each as long as `observations`.
///   - deviations: the standard deviation of each observation, positive.
/// - Throws: `GSLError`, for example where there are more columns than observations. Numbers that are
///   not finite give coefficients that are not.
package func leastSquares(
  columns: [[Double]], observations: [Double], deviations: [Double]
) throws -> LeastSquaresFit {
  let n = observations.count
  let p = columns.count
  precondition(deviations.count == n && columns.allSatisfy { $0.count == n })
  guard n >= p, p > 0 else { throw GSLError(routine: "gsl_multifit_wlinear", status: 19) }
  _ = GSL.ready
  let design = gsl_matrix_alloc(n, p)!
  let y = gsl_vector_alloc(n)!
  let weights = gsl_vector_alloc(n)!
  let coefficients = gsl_vector_alloc(p)!
  let covariance = gsl_matrix_alloc(p, p)!
  let workspace = gsl_multifit_linear_alloc(n, p)!
  defer {
    gsl_matrix_free(design)
    gsl_vector_free(y)
    gsl_vector_free(weights)
    gsl_vector_free(coefficients)
    gsl_matrix_free(covariance)
    gsl_multifit_linear_free(workspace)
  }
  for i in 0..<n {
    for j in 0..<p { gsl_matrix_set(design, i, j, columns[j][i]) }
    gsl_vector_set(y, i, observations[i])
    gsl_vector_set(weights, i, 1 / (deviations[i] * deviations[i]))
  }
  var chiSquared = 0.0
  try GSL.check("gsl_multifit_wlinear") {
    gsl_multifit_wlinear(design, weights, y, coefficients, covariance, &chiSquared, workspace)
  }
  return LeastSquaresFit(
    coefficients: (0..<p).map { gsl_vector_get(coefficients, $0) },
    covariance: (0..<p).map { i in (0..<p).map { gsl_matrix_get(covariance, i, $0) } },
    chiSquared: chiSquared)
}
