/// What a check concludes.
public enum Verdict: String, Codable, Sendable, CaseIterable {
  /// No difference larger than the tolerance can be there.
  case pass
  /// There is such a difference.
  case fail
  /// It could not tell, and says why.
  case inconclusive
  /// The loss has a corner here, and the claimed derivative is the slope of a side or the mean of both: accepted.
  case kink
  /// Nothing wrong could have been seen at this point.
  case vacuous

  /// The verdict over several: failure outranks doubt, doubt outranks passing.
  public static func overall(_ verdicts: some Sequence<Verdict>) -> Verdict {
    var worst = Verdict.pass
    for verdict in verdicts where verdict.rank > worst.rank { worst = verdict }
    return worst == .kink ? .pass : worst
  }

  private var rank: Int {
    switch self {
    case .pass: 0
    case .kink: 1
    case .vacuous: 2
    case .inconclusive: 3
    case .fail: 4
    }
  }
}

/// The acceptance rule for one number against a measured one.
///
///     r = |claimed - measured|
///     PASS   r + E <= tol     no difference larger than tol: an equivalence test
///     FAIL   r - E >  tol     a difference larger than tol, whatever the error of the measurement
///     else undecided
package enum Acceptance: Sendable {
  case pass, fail, undecided

  package init(claimed: Double, measured: Double, bound: Double, tolerance: Double) {
    let difference = abs(claimed - measured)
    if difference + bound <= tolerance {
      self = .pass
    } else if difference - bound > tolerance {
      self = .fail
    } else {
      self = .undecided
    }
  }
}
