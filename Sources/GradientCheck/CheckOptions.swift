/// What a check is asked to do.
public struct CheckOptions: Sendable {
  /// The relative difference that is still accepted.
  public var rtol: Double
  /// The probability that noise alone, anywhere in the whole check, exceeds its bound.
  public var alpha: Double
  public var estimator: Estimator
  public var seed: UInt64
  /// Called now and then with the entries done and all of them.
  public var progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?

  public init(
    rtol: Double = 1e-6, alpha: Double = 0.01, estimator: Estimator = .fivePoint, seed: UInt64 = 1,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) {
    self.rtol = rtol
    self.alpha = alpha
    self.estimator = estimator
    self.seed = seed
    self.progress = progress
  }
}
