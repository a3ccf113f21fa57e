/// What a check would have made of a fault, had it been there, at the very point that was checked.
package struct NoticedFault: Codable, Equatable, Sendable {
  /// The fault's id.
  package let fault: String
  /// The check that was asked.
  package let check: String
  package let convicted: Bool
  /// The largest effect of the fault over the smallest one that would have been convicted; nil where
  /// it is not a matter of size, as a tie is there or not.
  package let effectOverSensitivity: Double?

  package init(fault: String, check: String, convicted: Bool, effectOverSensitivity: Double?) {
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
