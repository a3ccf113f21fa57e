/// What a check is asked to do.
public struct CheckOptions: Sendable {
  /// The relative difference that is still accepted.
  public var rtol: Double
  /// The probability that noise alone exceeds its bound anywhere in the gradient check; and again in
  /// the paths of a tie, and in the steps of an optimizer.
  public var alpha: Double
  /// The formula of the first witness.
  public var estimator: Estimator
  /// Starts the random numbers: of the noise, and of the directions.
  public var seed: UInt64
  /// Random directions for each tensor instead of every entry; 0 for every entry; nil to choose by
  /// size: entry by entry up to `GradientChecker.largestEntrywise` entries.
  public var directions: Int?
  /// Whether claims are also measured at a second point, where every number is moved by about a
  /// thousandth: a gradient that is right at the described point only is found there.
  public var secondPoint: Bool
  /// Whether a Float model's claims are measured on the same network in Double, where that can be made.
  public var measuresInDouble: Bool
  package var progress: CheckProgress?

  /// The usual options, but for those that are named.
  public init(
    rtol: Double = 1e-6, alpha: Double = 0.01, estimator: Estimator = .fivePoint, seed: UInt64 = 1,
    directions: Int? = nil, secondPoint: Bool = true, measuresInDouble: Bool = true
  ) {
    self.rtol = rtol
    self.alpha = alpha
    self.estimator = estimator
    self.seed = seed
    self.directions = directions
    self.secondPoint = secondPoint
    self.measuresInDouble = measuresInDouble
  }

  /// The same, with somebody who is told how far the check is, and who can stop it.
  package init(
    rtol: Double = 1e-6, alpha: Double = 0.01, estimator: Estimator = .fivePoint, seed: UInt64 = 1,
    directions: Int? = nil, progress: CheckProgress?
  ) {
    self.init(rtol: rtol, alpha: alpha, estimator: estimator, seed: seed, directions: directions)
    self.progress = progress
  }

  /// The default tolerance for a model's arithmetic: what finite differences can usually certify.
  public static func defaultTolerance(unitRoundoff: Double) -> Double {
    unitRoundoff > 1e-10 ? 1e-2 : 1e-6
  }

  /// The default tolerance for a model: in Float 1e-4 where the same network in Double says what the
  /// gradient is, because the rounding of the claim is all that is left.
  package static func defaultTolerance(for objective: any Objective) -> Double {
    let unitRoundoff = objective.gradientUnitRoundoff
    let isMeasuredInDouble =
      objective.parameters.allSatisfy { $0.unitRoundoff <= Double.unitRoundoff }
      || objective.doubleTwin() != nil
    return unitRoundoff > 1e-10 && unitRoundoff <= Float.unitRoundoff && isMeasuredInDouble
      ? 1e-4 : defaultTolerance(unitRoundoff: unitRoundoff)
  }
}
