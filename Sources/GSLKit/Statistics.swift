import CGSL

/// The x with probability `tail` above it, for the standard normal distribution
/// (gsl_cdf_ugaussian_Qinv). `tail` in (0, 1).
package func normalUpperQuantile(_ tail: Double) -> Double {
  precondition(tail > 0 && tail < 1, "a tail probability lies in (0, 1), not \(tail)")
  _ = GSL.ready
  return gsl_cdf_ugaussian_Qinv(tail)
}

/// The root of the mean of the squares; 0 for no values.
///
/// Divides by the largest magnitude first, so that squares neither overflow nor vanish. A NaN among
/// the values makes a NaN: `max` alone would pass it over, and [NaN] would have the mean 0.
package func rootMeanSquare(_ values: [Double]) -> Double {
  var largest = 0.0
  for value in values {
    if value.isNaN { return .nan }
    largest = max(largest, abs(value))
  }
  guard largest > 0, largest.isFinite else { return largest }
  var sum = CompensatedSum<Double>()
  for value in values { sum.add((value / largest) * (value / largest)) }
  return largest * (sum.value / Double(values.count)).squareRoot()
}

/// The root of the sum of the squares.
package func euclideanNorm(_ values: [Double]) -> Double {
  rootMeanSquare(values) * Double(values.count).squareRoot()
}

/// The inner product, compensated.
package func innerProduct(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count, "inner product of \(x.count) and \(y.count) elements")
  var sum = CompensatedSum<Double>()
  for i in x.indices { sum.add(x[i] * y[i]) }
  return sum.value
}

/// The value that `fraction` of the values do not exceed, interpolated (gsl_stats_quantile).
package func quantile(_ values: [Double], _ fraction: Double) -> Double {
  precondition(!values.isEmpty && fraction >= 0 && fraction <= 1)
  let sorted = values.sorted()
  return gsl_stats_quantile_from_sorted_data(sorted, 1, sorted.count, fraction)
}
