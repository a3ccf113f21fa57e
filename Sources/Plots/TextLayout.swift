import Foundation

/// Words for numbers, and the space that words take.
package enum TextLayout {
  /// The estimated width of `text` in pixels at font size `size`.
  ///
  /// No font is at hand when a file is written, so each character counts as a typical
  /// sans-serif width, rounded up.
  package static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let ems = text.reduce(0.0) { sum, character in
      switch character {
      case "i", "j", "l", "t", "f", "r", "I", " ", ".", ",", ":", ";", "|", "!", "'", "(", ")",
        "[", "]", "/", "-":
        return sum + 0.36
      case "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "⁻": return sum + 0.42
      case "m", "w", "M", "W", "@", "%", "…", "—": return sum + 0.95
      default:
        if !character.isASCII && !character.isLowercase { return sum + 1 }
        return sum + (character.isUppercase ? 0.7 : 0.58)
      }
    }
    return ems * size * (isBold ? 1.16 : 1)
  }

  /// `text` cut to fit `limit` pixels, ending in "…" where something was cut.
  package static func truncated(
    _ text: String, size: Double, limit: Double, isBold: Bool = false
  ) -> String {
    if width(text, size: size, isBold: isBold) <= limit { return text }
    var kept = text
    while !kept.isEmpty, width(kept + "…", size: size, isBold: isBold) > limit {
      kept.removeLast()
    }
    return kept + "…"
  }

  /// `text` broken at spaces into at most `maximumLines` lines of `limit` pixels each; what does
  /// not fit is cut with "…".
  package static func wrapped(
    _ text: String, size: Double, limit: Double, maximumLines: Int = 2, isBold: Bool = false
  ) -> [String] {
    var lines: [String] = []
    var words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    while let first = words.popFirst() {
      var line = first
      if lines.count == maximumLines - 1 {
        line = ([first] + words).joined(separator: " ")
        words = []
      }
      while let next = words.first, width(line + " " + next, size: size, isBold: isBold) <= limit {
        line += " " + next
        words.removeFirst()
      }
      lines.append(truncated(line, size: size, limit: limit, isBold: isBold))
    }
    return lines
  }

  /// An integer in superscript digits: -12 gives "⁻¹²".
  package static func superscript(_ value: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (value < 0 ? "⁻" : "")
      + String(String(abs(value)).map { digits[$0.wholeNumberValue ?? 0] })
  }

  /// A number for people, with `digits` significant digits: 0.62, −1.4, 1.23×10⁻⁵, 10⁶.
  /// Magnitudes from 0.001 up to 100 000 are written out; trailing zeros are dropped.
  package static func value(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
    let (mantissa, exponent) = parts(value, decimals: digits - 1)
    if value == 0 || (-3..<5).contains(exponent) {
      return fixed(value, decimals: max(0, digits - 1 - exponent), trims: true)
    }
    return scientific(trimmed(mantissa), exponent)
  }

  /// A number with exactly `decimals` decimals and a true minus sign; `trims` drops trailing
  /// zeros.
  static func fixed(_ value: Double, decimals: Int, trims: Bool = false) -> String {
    let text = String(format: "%.\(decimals)f", value)
    let shown = withMinus(trims ? trimmed(text) : text)
    return shown.contains { ("1"..."9").contains($0) } ? shown : shown.replacing("−", with: "")
  }

  /// Mantissa × power of ten with `decimals` decimals in the mantissa: "2.5×10⁻⁷", "0".
  static func scientific(_ value: Double, decimals: Int) -> String {
    if value == 0 { return "0" }
    let (mantissa, exponent) = parts(value, decimals: decimals)
    return scientific(mantissa, exponent)
  }

  /// A number as mantissa (two digits, trimmed) and power of ten: 10⁻³, 2.5×10⁴, 0.
  static func power(_ value: Double) -> String {
    if value == 0 { return "0" }
    let (mantissa, exponent) = parts(value, decimals: 1)
    return scientific(trimmed(mantissa), exponent)
  }

  /// The decimal exponent of `value` when written with one digit: 0.02 gives -2.
  static func exponent(of value: Double) -> Int { parts(value, decimals: 6).exponent }

  private static func scientific(_ mantissa: String, _ exponent: Int) -> String {
    let power = "10" + superscript(exponent)
    if mantissa == "1" { return power }
    return mantissa == "-1" ? "−" + power : "\(withMinus(mantissa))×\(power)"
  }

  private static func parts(_ value: Double, decimals: Int) -> (mantissa: String, exponent: Int) {
    let pieces = String(format: "%.\(decimals)e", value).split(separator: "e")
    return (String(pieces[0]), Int(pieces[1]) ?? 0)
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var kept = text[...]
    while kept.last == "0" { kept.removeLast() }
    if kept.last == "." { kept.removeLast() }
    return String(kept)
  }

  private static func withMinus(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}
