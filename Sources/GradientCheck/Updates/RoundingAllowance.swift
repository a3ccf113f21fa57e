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
  /// What arithmetic near zero may lose: numbers this small are rounded more coarsely, or to zero.
  private let underflow: Double

  /// - Parameters:
  ///   - reference: says how many roundings one of its steps costs.
  ///   - unitRoundoff: of the parameter's arithmetic. The optimizer's own may be coarser.
  init(_ reference: UpdateReference, unitRoundoff: Double) {
    let coarser = max(unitRoundoff, reference.unitRoundoff)
    perStep = reference.roundingsPerStep * coarser
    underflow =
      coarser > Double.unitRoundoff
      ? Double(Float.leastNormalMagnitude) : Double.leastNormalMagnitude
  }

  /// - Parameter steps: optimizer steps so far.
  /// - Returns: 0 for what has no reach, because it must stay where it is, bit for bit.
  func allowed(reach: Double, steps: Int) -> Double {
    reach == 0 ? 0 : Double(steps) * max(perStep * reach, underflow)
  }
}
