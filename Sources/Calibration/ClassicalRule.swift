import Foundation
import GSLKit

/// A well-known way to decide whether a claimed derivative is right.
enum ClassicalRule: CaseIterable {
  /// |claimed - D| within the error that gsl_deriv_central states, from h = 1e-3.
  case gslBound
  /// |claimed - D| / max(|claimed|, |D|) below 1e-7, D the central difference with h = 1e-5.
  case relativeError
  /// |claimed - D| <= 1e-5 + 1e-3 |D|, D the central difference with h = 1e-6.
  case allClose

  var name: String {
    switch self {
    case .gslBound: "GSL's bound, h = 1e-3"
    case .relativeError: "relative error < 1e-7, h = 1e-5"
    case .allClose: "allclose 1e-3, 1e-5, h = 1e-6"
    }
  }

  struct Measured {
    let value: Double
    /// What the rule itself states about its error, if anything.
    let bound: Double?
    let evaluations: Int
  }

  func measure(at x: Double, _ function: (Double) throws -> Double) throws -> Measured {
    switch self {
    case .gslBound:
      let estimate = try derivative(at: x, step: 1e-3, of: function)
      return Measured(
        value: estimate.value, bound: estimate.errorEstimate, evaluations: estimate.evaluations)
    case .relativeError: return try centralDifference(at: x, step: 1e-5, function)
    case .allClose: return try centralDifference(at: x, step: 1e-6, function)
    }
  }

  private func centralDifference(
    at x: Double, step: Double, _ function: (Double) throws -> Double
  ) throws -> Measured {
    let difference = try function(x + step) - function(x - step)
    return Measured(value: difference / (2 * step), bound: nil, evaluations: 2)
  }

  func accepts(_ claimed: Double, _ measured: Measured) -> Bool {
    let difference = abs(claimed - measured.value)
    switch self {
    case .gslBound: return difference <= measured.bound!
    case .relativeError:
      return difference == 0 || difference < 1e-7 * max(abs(claimed), abs(measured.value))
    case .allClose: return difference <= 1e-5 + 1e-3 * abs(measured.value)
    }
  }
}
