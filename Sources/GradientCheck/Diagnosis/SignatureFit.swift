import GSLKit

/// Multiples of signatures that together are the error of a gradient, within the error bounds of
/// everything that was measured.
struct SignatureFit {
  let coefficients: [Double]
  let errors: [Double]

  /// - Returns: nil if what is left lies outside the bounds anywhere.
  init?(_ error: ParameterError, _ signatures: [Signature]) {
    let indices = error.decided
    let floor = Self.floor(error)
    guard floor > 0, floor.isFinite,
      signatures.allSatisfy({ signature in indices.contains { signature.values[$0] != 0 } })
    else { return nil }
    let deviations = indices.map { i in
      error.bounds[i] + floor + signatures.reduce(0) { $0 + $1.bounds[i] }
    }
    guard
      let fit = try? leastSquares(
        columns: signatures.map { signature in indices.map { signature.values[$0] } },
        observations: indices.map { error.residual[$0] }, deviations: deviations)
    else { return nil }
    guard Self.holds(error, zip(signatures, fit.coefficients).map { ($0, $1, 0) }) else {
      return nil
    }
    coefficients = fit.coefficients
    errors = fit.coefficients.indices.map { fit.covariance[$0][$0].squareRoot() }
  }

  /// Whether given multiples are the error.
  /// - Parameter terms: each with the uncertainty of its multiple.
  static func holds(
    _ error: ParameterError,
    _ terms: [(signature: Signature, multiple: Double, uncertainty: Double)]
  ) -> Bool {
    let floor = floor(error)
    return error.decided.allSatisfy { i in
      var (left, allowed) = (error.residual[i], error.bounds[i] + floor)
      for (signature, c, uncertainty) in terms {
        left -= c * signature.values[i]
        allowed += abs(c) * signature.bounds[i] + uncertainty * abs(signature.values[i])
      }
      return abs(left) <= allowed
    }
  }

  /// What rounding leaves of a residual that is explained.
  private static func floor(_ error: ParameterError) -> Double {
    rootMeanSquare(error.decided.map { error.residual[$0] }) * 1e-13
  }
}
