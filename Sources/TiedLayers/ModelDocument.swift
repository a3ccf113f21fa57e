import Foundation

/// The JSON of a model file, as it is decoded and encoded.
struct ModelDocument: Codable {
  var layers: [[String: FileValue]]
  var loss: String
  var input: [[Double]]
  var target: [[Double]]
  var parameters: [String: Tensor]
  var fixedRows: [String: [Int]]?

  enum CodingKeys: String, CodingKey {
    case layers, loss, input, target, parameters
    case fixedRows = "fixed_rows"
  }
}

extension ModelDocument {
  /// - Throws: `ModelFileError` for what is not JSON, or not a model file.
  static func decode(_ json: Data) throws -> ModelDocument {
    guard !StrictJSON.hasTrailingComma(json) else {
      throw ModelFileError(
        "it is not JSON: a comma stands before a closing bracket. Remove the comma, or write what is "
          + "missing after it.")
    }
    do {
      return try JSONDecoder().decode(ModelDocument.self, from: json)
    } catch let error as DecodingError {
      throw ModelFileError(sentence(for: error))
    }
  }

  private static func sentence(for error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      guard !path.isEmpty else { return "the top level" }
      return path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        .drop { $0 == "." }.description
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "\"\(key.stringValue)\" is missing at \(place(context.codingPath)). A model file has "
        + "\"layers\", \"loss\", \"input\", \"target\" and \"parameters\"."
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context.codingPath)) is not of the expected kind: \(context.debugDescription)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      return "it is not JSON (numbers must be finite, text in double quotes)."
    case .dataCorrupted(let context):
      return "\(place(context.codingPath)) cannot be read: \(context.debugDescription)"
    @unknown default:
      return "it cannot be read: \(error)"
    }
  }
}

/// A parameter's numbers.
enum Tensor: Codable {
  case vector([Double])
  case matrix([[Double]])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let vector = try? container.decode([Double].self), !vector.isEmpty {
      self = .vector(vector)
    } else {
      self = .matrix(try container.decode([[Double]].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .vector(let values): try container.encode(values)
    case .matrix(let rows): try container.encode(rows)
    }
  }
}
