/// The name of a bug, read off what a check measured.
public struct Diagnosis: Codable, Equatable, Sendable {
  /// What is wrong, such as "missing-path"; "ambiguous" where several names fit, "unexplained" where
  /// none does.
  public let id: String
  /// The parameter, by name; empty where there is none.
  public let parameter: String
  /// The fitted multiple of the signature, and its error.
  public let coefficient: Double
  /// The standard error of the coefficient.
  public let coefficientError: Double
  /// Whether what is left of the residual lies within the error bounds.
  public let explained: Bool
  /// The same for a person.
  public let sentence: String
  /// Where several names fit ("ambiguous"), all of them; nil otherwise.
  public private(set) var alternatives: [String]? = nil

  enum CodingKeys: String, CodingKey {
    case id, parameter, coefficient, explained, sentence, alternatives
    case coefficientError = "coefficient_error"
  }

  /// What is known without any fit, such as what a model says of itself.
  package static func known(_ id: String, parameter: String, sentence: String) -> Diagnosis {
    Diagnosis(
      id: id, parameter: parameter, coefficient: 0, coefficientError: 0, explained: true,
      sentence: sentence)
  }
}
