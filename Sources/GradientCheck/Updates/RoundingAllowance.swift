/// How far rounding alone may take one number of a training from the same number of its reference.
///
///     allowed = steps x roundings per step x unit round-off x reach
///
/// The reach of a number is where it began plus the length of its way since: no value was ever larger, and
/// one that comes back to zero brings the rounding of its whole way. The check of a training, the
/// hypotheses that name what went wrong, and the forecast of what a check would notice all use this one
/// allowance, so that none of them calls a difference a mistake that another calls rounding.
struct RoundingAllowance {
  private let perStep: Double

  /// - Parameters:
  ///   - reference: says how many roundings one of its steps costs.
  ///   - unitRoundoff: of the parameter's arithmetic. The optimizer's own may be coarser.
  init(_ reference: UpdateReference, unitRoundoff: Double) {
    perStep = reference.roundingsPerStep * max(unitRoundoff, reference.unitRoundoff)
  }

  /// - Parameter steps: optimizer steps so far.
  func allowed(reach: Double, steps: Int) -> Double { perStep * Double(steps) * reach }
}
