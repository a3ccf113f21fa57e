import Foundation

/// JSON in one line, with numbers in full precision. What JSON has no number for is one of the strings
/// "nan", "inf", "-inf"; NaN, Infinity and -Infinity, which many languages write, are read too.
enum PipeJSON {
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  static func decode<T: Decodable>(_ type: T.Type, from line: Data) throws -> T {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(type, from: line)
    } catch {
      decoder.allowsJSON5 = true
      guard let value = try? decoder.decode(type, from: line) else { throw error }
      return value
    }
  }
}
