import Foundation

/// What JSON does not allow (RFC 8259) and Foundation's decoder reads all the same.
enum StrictJSON {
  /// Whether a comma stands before a closing bracket, with nothing after it.
  static func hasTrailingComma(_ json: Data) -> Bool {
    var isInText = false
    var isEscaped = false
    var isAfterComma = false
    for byte in json {
      if isInText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): continue
      case UInt8(ascii: "]"), UInt8(ascii: "}"): if isAfterComma { return true }
      case UInt8(ascii: "\""): isInText = true
      default: break
      }
      isAfterComma = byte == UInt8(ascii: ",")
    }
    return false
  }
}
