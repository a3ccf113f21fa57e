import Foundation

/// A claimed gradient whose numbers all lie on the grid of a short floating-point format.
struct RoundedClaim {
  /// Such as "bfloat16".
  let format: String
  let bits: Int

  /// - Returns: nil where some number does not, or where rounding does not account for the errors.
  init?(_ tensor: TensorResult) {
    let entries = tensor.entries.filter { $0.analytic != 0 }
    // Few numbers may lie on a grid by chance.
    guard entries.count >= 4, tensor.entries.allSatisfy(\.analytic.isFinite) else { return nil }
    for (format, bits, smallest) in [("bfloat16", 8, 0.0), ("float16", 11, 0x1p-24)] {
      let unit = Foundation.pow(2, Double(1 - bits))
      let isOnGrid = entries.allSatisfy { entry in
        let digits = entry.analytic.significand / unit
        return digits == digits.rounded()
      }
      let isRounding = tensor.entries.allSatisfy { entry in
        entry.difference <= unit * abs(entry.numeric) + smallest + entry.bound
      }
      if isOnGrid && isRounding {
        (self.format, self.bits) = (format, bits)
        return
      }
    }
    return nil
  }

  func diagnosis(of name: String) -> Diagnosis {
    Diagnosis(
      id: "rounded", parameter: name, coefficient: 0, coefficientError: 0, explained: true,
      sentence: "every number of the claimed gradient of \(name) has \(bits) binary digits, as in "
        + "\(format): it was rounded to that on the way")
  }
}
