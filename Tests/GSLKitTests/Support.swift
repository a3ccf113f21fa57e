import GSLKit
import Testing

/// Whether `actual` is within `tolerance` of `expected`, relative to the larger of |expected| and
/// `scale`. Equal values are close, infinities included; a NaN is close to nothing.
func isClose(
  _ actual: Double, _ expected: Double, within tolerance: Double, scale: Double = 0
) -> Bool {
  actual == expected || abs(actual - expected) <= tolerance * max(abs(expected), scale)
}

/// A random matrix with elements of both signs, away from special values.
func randomMatrix<S: Scalar>(
  _ rows: Int, _ columns: Int, _ random: RandomSource, as type: S.Type = S.self
) -> Matrix<S> {
  random.matrix(rows: rows, columns: columns, -2, 2)
}

/// f(x) as a matrix of one row computes it.
func value<S: Scalar>(_ f: ElementwiseFunction, _ x: S) -> S {
  var matrix = Matrix<S>(rows: 1, columns: 1, repeating: x)
  matrix.apply(f)
  return matrix[0, 0]
}

/// f'(x) as a matrix of one row computes it.
func slope<S: Scalar>(_ f: ElementwiseFunction, _ x: S) throws -> S {
  var matrix = Matrix<S>(rows: 1, columns: 1, repeating: 1)
  try matrix.multiplyByDerivative(of: f, at: Matrix(rows: 1, columns: 1, repeating: x))
  return matrix[0, 0]
}

/// An error of the tests' own, to be recognised when it comes back.
struct Mishap: Error, Equatable {
  let code: Int
}
