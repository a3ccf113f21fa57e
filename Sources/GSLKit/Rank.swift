import CGSL

/// The number of singular values of a matrix that stand above `noise` (gsl_linalg_SV_decomp), at
/// least 1 for a matrix that is not zero.
/// - Parameters:
///   - elements: row by row.
///   - noise: the Frobenius norm of the errors in the elements.
/// - Throws: `GSLError`.
package func numericalRank(_ elements: [Double], columns: Int, noise: Double) throws -> Int {
  let rows = elements.count / columns
  precondition(rows * columns == elements.count, "\(elements.count) elements in \(columns) columns")
  // GSL wants at least as many rows as columns; a matrix and its transpose have the same rank.
  let (m, n) = (max(rows, columns), min(rows, columns))
  guard n > 0, elements.contains(where: { $0 != 0 }) else { return 0 }
  _ = GSL.ready
  let a = gsl_matrix_alloc(m, n)!
  let v = gsl_matrix_alloc(n, n)!
  let singular = gsl_vector_alloc(n)!
  let work = gsl_vector_alloc(n)!
  defer {
    gsl_matrix_free(a)
    gsl_matrix_free(v)
    gsl_vector_free(singular)
    gsl_vector_free(work)
  }
  for i in 0..<rows {
    for j in 0..<columns {
      let value = elements[i * columns + j]
      if rows >= columns { gsl_matrix_set(a, i, j, value) } else { gsl_matrix_set(a, j, i, value) }
    }
  }
  try GSL.check("gsl_linalg_SV_decomp") { gsl_linalg_SV_decomp(a, v, singular, work) }
  let largest = gsl_vector_get(singular, 0)
  return (0..<n).count { gsl_vector_get(singular, $0) > max(noise, 1e-10 * largest) }
}
