import Foundation
import GradientCheck
import TiedLayers

/// A value whose texts may come from outside: from a model file, a program, a student. Every renderer shows its
/// harmless copy; the JSON of the value itself keeps them as they are, escaped as JSON escapes them.
package protocol HarmlesslyShown: Codable {
  /// Keys of texts that may have several lines.
  static var keysOfLines: Set<String> { get }
}

extension CheckRecord: HarmlesslyShown { package static var keysOfLines: Set<String> { [] } }
extension CaseResult: HarmlesslyShown { package static var keysOfLines: Set<String> { [] } }
extension ModelSummary: HarmlesslyShown { package static var keysOfLines: Set<String> { [] } }
extension BrokenCheck: HarmlesslyShown { package static var keysOfLines: Set<String> { [] } }
extension GradeRecord: HarmlesslyShown {
  package static var keysOfLines: Set<String> { ["message"] }
}

extension HarmlesslyShown {
  /// The same with every text in it harmless to a terminal and to a page.
  package var harmlessCopy: Self {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.withoutEscapingSlashes]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      let json = try encoder.encode(self)
      guard json.contains(where: { $0 == UInt8(ascii: "\\") || $0 >= 0x7F }) else { return self }
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      var texts = JSONTexts(String(decoding: json, as: UTF8.self), keysOfLines: Self.keysOfLines)
      return try decoder.decode(Self.self, from: Data(texts.madeHarmless().utf8))
    } catch {
      preconditionFailure("\(Self.self) cannot be read as it was written: \(error)")
    }
  }
}

/// The texts in JSON that was just encoded, made harmless one by one.
private struct JSONTexts {
  private let scalars: [Unicode.Scalar]
  private let keysOfLines: Set<String>
  private var place = 0
  private var result = String.UnicodeScalarView()

  init(_ json: String, keysOfLines: Set<String>) {
    scalars = Array(json.unicodeScalars)
    self.keysOfLines = keysOfLines
  }

  mutating func madeHarmless() -> String {
    var key = ""
    while place < scalars.count {
      guard scalars[place] == "\"" else {
        result.append(scalars[place])
        place += 1
        continue
      }
      let start = place
      copyText(keepsLines: keysOfLines.contains(key))
      if place < scalars.count, scalars[place] == ":" {
        key = String(String.UnicodeScalarView(scalars[(start + 1)..<(place - 1)]))
      }
    }
    return String(result)
  }

  /// One text with its quotation marks.
  private mutating func copyText(keepsLines: Bool) {
    result.append("\"")
    place += 1
    while scalars[place] != "\"" {
      if scalars[place] == "\\" {
        copyEscape(keepsLines: keepsLines)
      } else {
        result.append(harmlessScalar(scalars[place]))
        place += 1
      }
    }
    result.append("\"")
    place += 1
  }

  /// The encoder escapes quotation marks, backslashes, slashes and control characters, and nothing else.
  private mutating func copyEscape(keepsLines: Bool) {
    let kind = scalars[place + 1]
    let length = kind == "u" ? 6 : 2
    switch kind {
    case "\"", "\\", "/": result.append(contentsOf: scalars[place..<(place + 2)])
    case "n" where keepsLines: result.append(contentsOf: "\\n".unicodeScalars)
    case "n", "r", "t": result.append(" ")
    default: result.append("?")
    }
    place += length
  }
}
