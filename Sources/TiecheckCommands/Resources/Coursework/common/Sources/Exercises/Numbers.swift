import GSLKit
import GradientCheck

/// Rows of seeded random numbers: no zeros, ones or symmetries that could hide a mistake.
func rows(_ rows: Int, _ columns: Int, _ random: RandomSource) -> [[Double]] {
  let matrix: Matrix<Double> = random.matrix(rows: rows, columns: columns, -0.9, 0.9)
  return matrix.nested
}

/// The sum of all products of two tables, element by element.
func innerProduct(_ a: [[Double]], _ b: [[Double]]) -> Double {
  var sum = 0.0
  for (x, y) in zip(a, b) {
    for (x, y) in zip(x, y) { sum += x * y }
  }
  return sum
}

/// The i-th row is the i-th column.
func transpose(_ a: [[Double]]) -> [[Double]] {
  a[0].indices.map { j in a.map { $0[j] } }
}
