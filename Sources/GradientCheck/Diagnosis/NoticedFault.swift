/// What a check would have made of a fault, had it been there, at the very point that was checked.
public struct NoticedFault: Codable, Equatable, Sendable {
  /// The fault's id.
  public let fault: String
  /// The check that was asked.
  public let check: String
  public let convicted: Bool
  /// The largest effect of the fault over the smallest one that would have been convicted; nil where
  /// it is not a matter of size, as a tie is there or not.
  public let effectOverSensitivity: Double?

  public init(fault: String, check: String, convicted: Bool, effectOverSensitivity: Double?) {
    self.fault = fault
    self.check = check
    self.convicted = convicted
    self.effectOverSensitivity = effectOverSensitivity
  }

  enum CodingKeys: String, CodingKey {
    case fault, check, convicted
    case effectOverSensitivity = "effect_over_sensitivity"
  }
}
