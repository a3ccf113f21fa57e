/// How the check of one entry ends. Each outcome has its verdict and its sentence.
enum EntryOutcome {
  /// The claim as a whole is of the wrong length or missing; the tensor says so.
  case malformedClaim
  case claimNotFinite(Double)
  case notMeasured
  case lossNotFinite
  /// - Parameter differs: by more than the error bound.
  case accepted(differs: Bool)
  /// Both witnesses exclude the claim.
  case convicted
  /// One witness excludes the claim, and the other does not.
  case notExcludedBySecondWitness
  /// Both exclude the claim, and each other.
  case witnessesDisagree
  case notExcludedInDouble
  case wholeGradientZero
  case corner(admitsClaim: Bool)
  case noisierBesideThePoint
  case noCloserLook
  case noise
  case truncation

  var verdict: Verdict {
    switch self {
    case .malformedClaim, .claimNotFinite, .convicted: .fail
    case .accepted: .pass
    case .wholeGradientZero: .vacuous
    case .corner(admitsClaim: true): .kink
    case .notMeasured, .lossNotFinite, .notExcludedBySecondWitness, .witnessesDisagree,
      .notExcludedInDouble, .corner(admitsClaim: false), .noisierBesideThePoint, .noCloserLook,
      .noise, .truncation:
      .inconclusive
    }
  }

  var reason: String? {
    switch self {
    case .malformedClaim, .convicted, .accepted(differs: false): nil
    case .accepted(differs: true): "differs measurably, within tolerance"
    case .claimNotFinite(let claimed):
      "the claimed derivative is \(claimed), not a finite number"
    case .notMeasured: "interrupted before it was measured"
    case .lossNotFinite: "the loss is not finite near this entry"
    case .notExcludedBySecondWitness:
      "the second witness does not exclude the claimed derivative"
    case .witnessesDisagree: "the two witnesses contradict each other"
    case .notExcludedInDouble:
      "the same network in Double does not exclude the claimed derivative: corners lie closer "
        + "to the point than the noise lets anyone look"
    case .wholeGradientZero: "the whole gradient is zero here"
    case .corner(admitsClaim: true): "a corner; the claimed slope lies between its two sides"
    case .corner(admitsClaim: false): "a corner; the claimed slope lies outside its sides"
    case .noisierBesideThePoint:
      "the noise of the loss is far larger beside the point than at it"
    case .noCloserLook:
      "no closer look bears out what the whole step shows: corners, or noise, near the point"
    case .noise: "the noise of the loss is too large"
    case .truncation: "the truncation error is too large"
    }
  }
}
