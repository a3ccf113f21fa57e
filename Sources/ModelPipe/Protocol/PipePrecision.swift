import GSLKit

/// The arithmetic of a program's numbers, by the protocol's words.
package enum PipePrecision: String, CaseIterable, Sendable {
  case double, float, bfloat16, float16

  /// "double, float, bfloat16 or float16".
  static let words =
    allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or "
    + allCases[allCases.count - 1].rawValue

  /// Half the distance from 1 to the next number.
  package var unitRoundoff: Double {
    switch self {
    case .double: Double.unitRoundoff
    case .float: Float.unitRoundoff
    case .bfloat16: 0x1p-8
    case .float16: 0x1p-11
    }
  }

  /// The nearest number of this arithmetic; of two, the one whose last bit is 0.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .double: value
    case .float: Double(Float(value))
    // A Float and a bfloat16 have the same exponents.
    case .bfloat16: Self.rounded(value, bits: 8, leastExponent: -126, largest: 0x1.FEp127)
    case .float16: Self.rounded(value, bits: 11, leastExponent: -14, largest: 0x1.FFCp15)
    }
  }

  private static func rounded(
    _ value: Double, bits: Int, leastExponent: Int, largest: Double
  ) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = max(Int(value.exponent), leastExponent)
    let grid = Double(sign: .plus, exponent: exponent - bits + 1, significand: 1)
    let rounded = (value / grid).rounded(.toNearestOrEven) * grid
    return abs(rounded) > largest ? (value < 0 ? -Double.infinity : .infinity) : rounded
  }
}
