/// How the check of one entry ends. Each outcome has its verdict and its sentence.
enum EntryOutcome {
  /// The claim as a whole is of the wrong length or missing; the tensor says so.
  case malformedClaim
  case claimNotFinite(Double)
  case notMeasured
  /// The loss is not a number, or infinite, or raises an error.
  case lossNotFinite
  /// The losses are finite, and their differences or quotients are not.
  case overflow
  /// - Parameter differs: by more than the error bound.
  case accepted(differs: Bool)
  /// The error bound is above the tolerance, and below 1e-4 of the scale; the claim lies within it.
  case agreesWithinBound
  /// Both witnesses exclude the claim.
  case convicted
  /// One witness excludes the claim, and the other does not.
  case notExcludedBySecondWitness
  /// Both exclude the claim, and each other.
  case witnessesDisagree
  case notExcludedInDouble
  case wholeGradientZero
  /// A corner at the point, and which of its slopes the claim is, if it is one.
  case corner(CornerSlope?)
  /// A claim that the accepted look bears out, and a closer one does not.
  case contradictedByClosestLook
  case noisierBesideThePoint
  case noCloserLook
  case crowdedCorners
  case noise
  case truncation

  var verdict: Verdict {
    switch self {
    case .malformedClaim, .claimNotFinite, .convicted: .fail
    case .accepted, .agreesWithinBound: .pass
    case .wholeGradientZero: .vacuous
    case .corner(.some): .kink
    case .notMeasured, .lossNotFinite, .overflow, .contradictedByClosestLook,
      .notExcludedBySecondWitness, .witnessesDisagree,
      .notExcludedInDouble, .corner(nil), .noisierBesideThePoint, .noCloserLook, .crowdedCorners,
      .noise, .truncation:
      .inconclusive
    }
  }

  var reason: String? {
    switch self {
    case .malformedClaim, .convicted, .accepted(differs: false): nil
    case .agreesWithinBound: "agrees within the error bound, which is above the tolerance"
    case .accepted(differs: true): "differs measurably, within tolerance"
    case .claimNotFinite(let claimed):
      "the claimed derivative is \(claimed), not a finite number"
    case .notMeasured: "interrupted before it was measured"
    case .lossNotFinite: "the loss is not finite near this entry, or raises an error there"
    case .overflow:
      "the differences of the losses are too large or too small to be represented (overflow)"
    case .notExcludedBySecondWitness:
      "the second witness does not exclude the claimed derivative"
    case .witnessesDisagree: "the two witnesses contradict each other"
    case .notExcludedInDouble:
      "the same network in Double does not exclude the claimed derivative: corners lie closer "
        + "to the point than the noise lets anyone look"
    case .wholeGradientZero: "the whole gradient is zero here"
    case .corner(let slope?): "a corner; the claimed derivative is \(slope.side.rawValue)"
    case .corner(nil):
      "a corner; the claimed derivative is neither the slope of a side nor the mean of both"
    case .contradictedByClosestLook:
      "a look from close by measures another slope: something narrow lies at the point"
    case .noisierBesideThePoint:
      "the noise of the loss is far larger beside the point than at it"
    case .noCloserLook:
      "no closer look bears out what the whole step shows: corners, or noise, near the point"
    case .crowdedCorners:
      "corners of the loss stand closer together than the noise lets anyone look"
    case .noise: "the noise of the loss is too large"
    case .truncation: "the truncation error is too large"
    }
  }
}
