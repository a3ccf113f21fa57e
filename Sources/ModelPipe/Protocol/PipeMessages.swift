import Foundation

/// The messages of the protocol, as they are documented in Protocol.md.
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
  /// The same for further uses.
  var inUses: [PipeUseChange]?

  enum CodingKeys: String, CodingKey {
    case set
    case inUse = "in_use"
    case inUses = "in_uses"
  }

  /// Whether it is the point that the program described.
  var isDescribed: Bool { (set ?? []).isEmpty && inUse == nil && (inUses ?? []).isEmpty }
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
  /// "double" where the loss is asked for in Double.
  var witness: String?

  init(id: Int, ask: Ask) {
    self.id = id
    self.ask = ask.rawValue
  }

  enum Ask: String {
    case describe, losses, gradient, steps, bye
  }

  enum CodingKeys: String, CodingKey {
    case id, ask, `protocol`, points, point, optimizer, steps, witness
    case byUse = "by_use"
  }
}

/// An answer. What does not belong to it is nil.
struct PipeAnswer: Codable, Equatable {
  var id: Int
  /// Why there is none.
  var error: String?
  /// The tensors that the evaluation changed, where that is why.
  var changed: [String]?
  /// The parts of the model that draw random numbers, where that is why.
  var draws: [String]?
  var losses: [Double]?
  /// What the loss raised, by the point's place in the question.
  var raised: [String: String]?
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
    case id, error, changed, draws, losses, raised, gradient, parameters, states
    case byUse = "by_use"
  }
}
