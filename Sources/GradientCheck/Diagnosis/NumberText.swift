import Foundation

/// A coefficient, with four decimals, or more where that would be nothing but zeros.
func number(_ value: Double) -> String {
  String(format: value == 0 || abs(value) >= 0.001 ? "%.4f" : "%.3g", value)
}

/// A number of any size, such as a difference.
func size(_ value: Double) -> String { String(format: "%.3g", value) }
