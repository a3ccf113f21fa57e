import FaultGallery
import GradientCheck

/// A fault of the gallery in court: a small tied model with it, and the same model without.
struct FaultTrial {
  let fault: any Fault
  /// The case without the fault, and the one with it.
  let right: CaseResult
  let wrong: CaseResult

  /// The model options of the trial: small enough to be quick, and not square, so that nothing hides
  /// in it.
  static func arguments(fault id: String?, seed: UInt64) -> [String] {
    ["--features", "6", "--hidden", "4", "--batch", "5", "--seed", "\(seed)"]
      + (id.map { ["--fault", $0] } ?? [])
  }

  init(_ fault: any Fault, seed: UInt64) throws {
    func result(_ id: String?) throws -> CaseResult {
      let options = try ModelOptions.parse(Self.arguments(fault: id, seed: seed))
      return try options.prepared(for: .check).checkCase(options.settings)
        .run(options.settings.options)
    }
    self.fault = fault
    right = try result(nil)
    wrong = try result(fault.id)
  }

  /// The verdict of the check that must convict the fault.
  var verdict: Verdict {
    switch fault.convictor {
    case .gradient: wrong.gradient.verdict
    case .tie: wrong.tie.verdict
    case .updates: wrong.updates.verdict
    }
  }

  /// The right twin is acquitted, the wrong one is convicted by the check that must, and by its name
  /// where it has one.
  var isSettled: Bool {
    right.verdict == .pass && verdict == .fail
      && (fault.diagnosis == nil || wrong.diagnoses.contains { $0.id == fault.diagnosis })
  }

  /// What that check found, one sentence each.
  var findings: [String] {
    switch fault.convictor {
    case .gradient:
      return wrong.diagnoses.map(\.sentence)
    case .tie:
      let silent = wrong.tie.groups.flatMap { group in
        group.follows.filter { $0.verdict == .fail }.map { "\($0.layer): \($0.reason ?? "fails")" }
      }
      return wrong.tie.missing + silent
    case .updates:
      return wrong.updates.optimizers.filter { $0.verdict == .fail }.map { optimizer in
        "\(optimizer.name): " + optimizer.findings.prefix(1).joined()
      }
    }
  }
}
