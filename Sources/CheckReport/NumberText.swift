import Foundation

/// Numbers for people. All of a report's numbers are written here, in ASCII, with a point for the
/// decimals wherever the program runs.
enum NumberText {
  /// Four significant digits: 0.1234, 12.5, 1234, 4.567e-09. Trailing zeros are dropped.
  static func value(_ x: Double) -> String { text(x, digits: 4, trims: true) }

  /// "-" where there is no number.
  static func value(_ x: Double?) -> String { x.map(value) ?? "-" }
  static func error(_ x: Double?) -> String { x.map(error) ?? "-" }

  /// Two significant digits, enough for an error, a bound or a step: 4.2e-09, 1.0e-06, 0.031.
  static func error(_ x: Double) -> String { text(x, digits: 2, trims: false) }

  /// Four digits that are all shown, for a number whose very roundness is the news: -1.000.
  static func coefficient(_ x: Double) -> String { text(x, digits: 4, trims: false) }

  /// [2, 3], as an entry is written: "[2, 3]".
  static func index(_ index: [Int]) -> String {
    "[" + index.map(String.init).joined(separator: ", ") + "]"
  }

  /// [5, 3]: "5 x 3"; [5]: "5".
  static func shape(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: " x ")
  }

  /// "1 entry", "30 entries".
  static func count(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// "a", "a and b", "a, b and c".
  static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }

  private static func text(_ x: Double, digits: Int, trims: Bool) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    if x == 0 { return "0" }
    // Rounding first, so that 0.00099996 with four digits is 0.001 and not 1e-03.
    let scientific = String(format: "%.\(digits - 1)e", x)
    let parts = scientific.split(separator: "e")
    let exponent = Int(parts[1]) ?? 0
    guard (-3..<5).contains(exponent) else {
      return (trims ? trimmed(String(parts[0])) : String(parts[0])) + "e" + parts[1]
    }
    let fixed = String(format: "%.\(max(0, digits - 1 - exponent))f", x)
    return trims ? trimmed(fixed) : fixed
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var kept = text[...]
    while kept.last == "0" { kept.removeLast() }
    if kept.last == "." { kept.removeLast() }
    return String(kept)
  }
}
