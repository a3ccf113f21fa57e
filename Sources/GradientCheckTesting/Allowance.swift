/// What is let pass, by name, that would otherwise fail: a check that did not fail has not passed if
/// it could not tell, or could not have failed.
public enum Allowance: Sendable {
  /// Some entry could not be decided: the noise of the loss, a corner, a loss that is not finite nearby.
  case inconclusive
  /// Nothing wrong could have been seen at this point, in the whole gradient or in a parameter of it.
  case vacuous
}
