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

  enum CodingKeys: String, CodingKey {
    case id, parameter, coefficient, explained, sentence
    case coefficientError = "coefficient_error"
  }
}
