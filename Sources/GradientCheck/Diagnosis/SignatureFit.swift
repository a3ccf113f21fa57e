import GSLKit

/// Multiples of signatures that together are the error of a gradient, within the error bounds of
/// everything that was measured.
struct SignatureFit {
  let coefficients: [Double]
  let errors: [Double]

  /// - Parameters:
  ///   - residual: claimed minus measured, with its bounds.
  /// - Returns: nil if what is left lies outside the bounds anywhere.
  init?(_ residual: [Double], _ bounds: [Double], _ signatures: [Signature]) {
    let floor = rootMeanSquare(residual) * 1e-13
    guard floor > 0, floor.isFinite,
      signatures.allSatisfy({ $0.values.count == residual.count && $0.values.contains { $0 != 0 } })
    else { return nil }
    var deviations = bounds
    for i in deviations.indices {
      deviations[i] += floor + signatures.reduce(0) { $0 + $1.bounds[i] }
    }
    guard
      let fit = try? leastSquares(
        columns: signatures.map(\.values), observations: residual, deviations: deviations)
    else { return nil }
    for i in residual.indices {
      var (left, allowed) = (residual[i], bounds[i] + floor)
      for (c, signature) in zip(fit.coefficients, signatures) {
        left -= c * signature.values[i]
        allowed += abs(c) * signature.bounds[i]
      }
      guard abs(left) <= allowed else { return nil }
    }
    coefficients = fit.coefficients
    errors = fit.coefficients.indices.map { fit.covariance[$0][$0].squareRoot() }
  }
}
