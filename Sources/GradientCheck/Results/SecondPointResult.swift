/// What a gradient check found at a second point, about a thousandth of the values away.
public struct SecondPointResult: Codable, Equatable, Sendable {
  /// One parameter at the second point, along a random direction.
  public struct Tensor: Codable, Equatable, Sendable {
    /// The parameter, by name.
    public let name: String
    /// Whether the claimed slope agrees with the measured one.
    public let verdict: Verdict
    /// The slope of the loss along the direction, as the gradient claims it.
    public let claimed: Double
    /// The same slope, measured.
    public let measured: Double
    /// How far the measured slope can be from the true one.
    public let bound: Double
    /// The largest difference that is accepted.
    public let tolerance: Double
    /// Why, where the verdict does not speak for itself.
    public let reason: String?

    /// Whether a gradient that is scaled, or zero, would have been told from this one, by a factor of ten.
    package var isTelling: Bool {
      abs(measured) > bound
        && abs(measured) - bound >= Power.needed * (tolerance + 2 * bound)
    }
  }

  /// The worst verdict of the parameters; inconclusive where there is no second point.
  public let verdict: Verdict
  /// Evaluations of the loss that were spent here.
  public let evaluations: Int
  /// One for each parameter, in their order.
  public let parameters: [Tensor]
  /// Why nothing could be measured here; nil where it could.
  public let reason: String?

  /// - Parameter found: nil where the loss could not be evaluated at any second point.
  init(_ found: [Tensor]?, evaluations: Int) {
    self.evaluations = evaluations
    parameters = found ?? []
    verdict = found.map { Verdict.overall($0.map(\.verdict)) } ?? .inconclusive
    reason = found == nil ? "the loss cannot be evaluated at a second point" : nil
  }

  /// Parameters whose gradient is not zero here and agrees with its claim.
  package var told: Set<String> {
    Set(parameters.filter { $0.verdict == .pass && $0.isTelling }.map(\.name))
  }
}
