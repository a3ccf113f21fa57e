import Foundation

/// What a cell printed, as lines that a notebook can hold.
enum RecordedText {
  /// Spaces at the ends of lines and empty lines at the end are dropped: editors drop them too. A tab
  /// goes to the next multiple of eight, other control characters are spelled out.
  static func lines(_ data: Data) -> [String] {
    var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { line in
        var text = ""
        for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
          switch scalar {
          case "\t": text += String(repeating: " ", count: 8 - text.count % 8)
          case "\u{0}"..<" ", "\u{7F}":
            text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
          default: text.unicodeScalars.append(scalar)
          }
        }
        while text.last == " " { text.removeLast() }
        return text
      }
    while lines.last == "" { lines.removeLast() }
    return lines
  }
}
