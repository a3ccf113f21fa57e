import Foundation

/// The messages of the protocol, as they are documented in Protocol.md beside this file.
enum PipeProtocol {
  static let version = "tiecheck-pipe/1"
}

/// Values that a parameter is to have instead of those it was described with.
struct PipeChange: Codable, Equatable {
  /// The parameter's place in the description.
  var parameter: Int
  /// Places in row order; nil where `to` holds every element.
  var at: [Int]?
  var to: [Double]
}

/// A point at which something is asked, as a difference from the described one.
struct PipePoint: Codable, Equatable {
  /// Changes that every use of the parameters sees.
  var set: [PipeChange]?
  /// Changes on top of them that one use alone sees.
  var inUse: PipeUseChange?

  enum CodingKeys: String, CodingKey {
    case set
    case inUse = "in_use"
  }
}

struct PipeUseChange: Codable, Equatable {
  /// The use's place in the description.
  var use: Int
  var set: [PipeChange]
}

/// A question. What does not belong to it is nil.
struct PipeRequest: Codable, Equatable {
  var id: Int
  var ask: String
  var `protocol`: String?
  var points: [PipePoint]?
  var point: PipePoint?
  var byUse: Bool?
  var optimizer: String?
  var steps: Int?

  init(id: Int, ask: Ask) {
    self.id = id
    self.ask = ask.rawValue
  }

  enum Ask: String {
    case describe, losses, gradient, steps, bye
  }

  enum CodingKeys: String, CodingKey {
    case id, ask, `protocol`, points, point, optimizer, steps
    case byUse = "by_use"
  }
}

/// What a program says of itself.
struct PipeDescription: Codable, Equatable {
  struct ParameterDescription: Codable, Equatable {
    var name: String
    var shape: [Int]
    var values: [Double]
    /// "double" or "float"; the model's if nil.
    var precision: String?
  }

  struct UseDescription: Codable, Equatable {
    var layer: String
    /// The parameter's place.
    var parameter: Int
    var transposed: Bool?
    /// The layer's word for it where it uses the parameter several times, such as "step 3".
    var slot: String?
    /// True for a term of the loss.
    var lossTerm: Bool?

    enum CodingKeys: String, CodingKey {
      case layer, parameter, transposed, slot
      case lossTerm = "loss_term"
    }
  }

  struct LayerDescription: Codable, Equatable {
    var name: String
    var type: String?
    /// Of its output.
    var width: Int?
  }

  struct OptimizerDescription: Codable, Equatable {
    var name: String
    /// One that the checker has a reference for: "sgd", "rmsprop", "adam", "adamw".
    var rule: String
    var learningRate: Double?
    var momentum: Double?
    var nesterov: Bool?
    var weightDecay: Double?
    var smoothing: Double?
    var beta1: Double?
    var beta2: Double?
    var stabilizer: Double?
    /// "root", "inside" or "uncorrected".
    var stabilizerPlace: String?
    /// "float" where its own numbers are rounded to Float, whatever the model's precision.
    var precision: String?
    /// Names of parameters that it does not train.
    var frozen: [String]?

    enum CodingKeys: String, CodingKey {
      case name, rule, momentum, nesterov, smoothing, beta1, beta2, stabilizer, precision, frozen
      case learningRate = "learning_rate"
      case weightDecay = "weight_decay"
      case stabilizerPlace = "stabilizer_place"
    }
  }

  var `protocol`: String
  var name: String?
  /// "double" or "float".
  var precision: String?
  /// The loss's name.
  var loss: String?
  /// How many samples the loss is a mean over; nil where it is not one.
  var batch: Int?
  var parameters: [ParameterDescription]
  var uses: [UseDescription]?
  var layers: [LayerDescription]?
  /// Sets of layers that are meant to share a parameter.
  var ties: [[String]]?
  var optimizers: [OptimizerDescription]?
  var can: [String]
}

/// An answer. What does not belong to it is nil.
struct PipeAnswer: Codable, Equatable {
  var id: Int
  /// Why there is none.
  var error: String?
  var losses: [Double]?
  /// By parameter, in row order; null where none is claimed.
  var gradient: [[Double]?]?
  /// By use, each as long as its parameter; null where none is claimed.
  var byUse: [[Double]?]?
  /// By step, then by parameter.
  var parameters: [[[Double]]]?
  /// For how many parameters the optimizer keeps state.
  var states: Int?

  init(id: Int) { self.id = id }

  enum CodingKeys: String, CodingKey {
    case id, error, losses, gradient, parameters, states
    case byUse = "by_use"
  }
}

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
