import GradientCheck

/// How the program ends. The numbers above 63 are those of sysexits.h.
package enum ExitStatus: Int32, Sendable {
  /// Every verdict is the expected one.
  case success = 0
  /// A check failed unexpectedly, or one that was expected to fail did not.
  case failed = 1
  /// Nothing failed, but something could not be told.
  case undecided = 2
  /// The command line is wrong.
  case usage = 64
  /// An input can be read, but is not what it should be.
  case badInput = 65
  /// An input cannot be read.
  case noInput = 66
  /// A fault of ours.
  case internalFault = 70
  /// An output cannot be written.
  case noOutput = 73

  /// - Parameter verdict: of a whole record, in which a case that ended as expected has passed.
  init(_ verdict: Verdict) {
    switch verdict {
    case .pass, .kink: self = .success
    case .fail: self = .failed
    case .inconclusive, .vacuous: self = .undecided
    }
  }
}
