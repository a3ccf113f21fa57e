import FaultGallery
import GradientCheck
import TiedLayers

/// A fault of the gallery in court: a small tied model with it, and the same model without.
struct FaultTrial {
  let hearing: Hearing
  /// The model options that put it on trial.
  let arguments: [String]

  /// Small enough to be quick; not square, so that nothing hides in it, unless the fault needs a
  /// square one.
  static func arguments(fault id: String?, seed: UInt64, isSquare: Bool) -> [String] {
    ["--features", isSquare ? "4" : "6", "--hidden", "4", "--batch", "5", "--seed", "\(seed)"]
      + (id.map { ["--fault", $0] } ?? [])
  }

  init(_ fault: any Fault, seed: UInt64) throws {
    do {
      try self.init(fault, seed: seed, isSquare: false)
    } catch is FaultNotApplicable {
      try self.init(fault, seed: seed, isSquare: true)
    }
  }

  private init(_ fault: any Fault, seed: UInt64, isSquare: Bool) throws {
    let options = try ModelOptions.parse(
      Self.arguments(fault: nil, seed: seed, isSquare: isSquare))
    let model = try options.prepared(for: .check)
    arguments = Self.arguments(fault: fault.id, seed: seed, isSquare: isSquare)
    hearing = try Hearing(
      fault, options: options.settings.options, subjects: options.settings.subjects
    ) { try model.makeRight() }
  }

  /// What the check that must convict the fault found, one sentence each.
  var findings: [String] { hearing.wrong.diagnoses.map(\.sentence) }
}
