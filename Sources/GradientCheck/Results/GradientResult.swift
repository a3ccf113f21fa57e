import Foundation
import TiedLayers

/// One entry of a gradient: what was claimed, what was measured, and what follows.
public struct EntryResult: Codable, Equatable, Sendable {
  /// [row, column] or [index].
  public private(set) var index: [Int]
  /// The claimed derivative.
  public let analytic: Double
  /// The measured one, and its error bound and step.
  public let numeric: Double
  /// How far the measured derivative can be from the true one.
  public let bound: Double
  /// The step h of the formula.
  public let step: Double
  /// What follows from the two and the bound.
  public let verdict: Verdict
  /// Why, where the verdict does not speak for itself.
  public let reason: String?
  /// The second witness, where it was asked.
  package let secondNumeric: Double?
  package let secondBound: Double?
  /// tol of the acceptance rule.
  public let tolerance: Double
  /// Where a corner of the loss lies and how large it is, where one was found and can be located.
  package let kink: Kink?
  /// The smallest relative error that would not have passed here.
  public let sensitivity: Double

  enum CodingKeys: String, CodingKey {
    case index, analytic, numeric, bound, step, verdict, reason, tolerance, kink, sensitivity
    case secondNumeric = "second_numeric"
    case secondBound = "second_bound"
  }

  /// Every named key is written, `reason` as null where there is none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(index, forKey: .index)
    try container.encode(analytic, forKey: .analytic)
    try container.encode(numeric, forKey: .numeric)
    try container.encode(bound, forKey: .bound)
    try container.encode(step, forKey: .step)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(reason, forKey: .reason)
    try container.encodeIfPresent(secondNumeric, forKey: .secondNumeric)
    try container.encodeIfPresent(secondBound, forKey: .secondBound)
    try container.encode(tolerance, forKey: .tolerance)
    try container.encodeIfPresent(kink, forKey: .kink)
    try container.encode(sensitivity, forKey: .sensitivity)
  }

  /// The same result for an entry at another place.
  func at(_ index: [Int]) -> EntryResult {
    var moved = self
    moved.index = index
    return moved
  }

  /// The same in units of the derivative: tol + E and the bound that convicts, E + 3.2 z sigma / h.
  /// Where the whole gradient is zero nothing is relative; the two bounds are then at most
  /// `FivePointRule.detectableBounds` times E.
  /// - Parameter rtol: the check's.
  func detectable(rtol: Double) -> Double {
    sensitivity.isFinite && tolerance > 0
      ? sensitivity * tolerance / rtol
      : tolerance + FivePointRule.detectableBounds * max(bound, secondBound ?? 0)
  }

  /// |claimed - measured|.
  public var difference: Double { abs(analytic - numeric) }
  /// The difference lies outside the error bound, even if within the tolerance.
  package var differsMeasurably: Bool { difference > bound }
}

/// How many entries ended how.
public struct EntryCounts: Codable, Equatable, Sendable {
  /// All entries.
  public var total = 0
  /// Entries within the tolerance.
  public var pass = 0
  /// Entries outside of it.
  public var fail = 0
  /// Entries of which the noise allows neither.
  public var inconclusive = 0
  /// Entries at which the loss has no derivative.
  public var kink = 0
  /// Right where nothing could have been wrong: no evidence of anything.
  public var vacuous = 0

  init() {}

  /// Reads a record; one without `vacuous` has 0 of them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    total = try container.decode(Int.self, forKey: .total)
    pass = try container.decode(Int.self, forKey: .pass)
    fail = try container.decode(Int.self, forKey: .fail)
    inconclusive = try container.decode(Int.self, forKey: .inconclusive)
    kink = try container.decode(Int.self, forKey: .kink)
    // Not among the keys that every record has.
    vacuous = try container.decodeIfPresent(Int.self, forKey: .vacuous) ?? 0
  }

  mutating func add(_ verdict: Verdict) {
    total += 1
    switch verdict {
    case .pass: pass += 1
    case .vacuous: vacuous += 1
    case .fail: fail += 1
    case .inconclusive: inconclusive += 1
    case .kink: kink += 1
    }
  }
}

/// The check of one tensor.
public struct TensorResult: Codable, Sendable {
  /// The parameter's name.
  public let name: String
  /// The parameter's shape.
  public let shape: [Int]
  /// The worst verdict of the entries.
  public let verdict: Verdict
  /// Where the claim as a whole is at fault: nothing claimed, or of the wrong length.
  public let reason: String?
  /// The largest |claimed - measured| / max(|measured|, rms).
  public let maxRelativeError: Double
  /// The root mean square of the measured gradient: the tensor's scale, or the whole gradient's
  /// where the tensor is zero here.
  public let rms: Double
  /// The smallest relative error that would not have passed in any entry.
  public let sensitivity: Double
  /// How many entries ended how.
  public let counts: EntryCounts
  /// Entries whose perturbation did not change the loss by a single bit.
  package let unused: Int
  /// Rows and columns of a kernel all of whose entries are unused: inputs that are never on, units
  /// that are dead on this batch.
  package let unusedRows: Int
  package let unusedColumns: Int
  /// Entries that differ by more than their bound, within the tolerance.
  package let differingMeasurably: Int
  /// The worst entries, worst first.
  public let worst: [EntryResult]
  /// Where the tensor was checked along random directions instead of entry by entry.
  public var directions: DirectionReport?
  /// Every entry, in row order; empty where directions were checked. Not part of the record.
  public var entries: [EntryResult] = []
  /// The corners of the loss that some step reached over and that can be located. Not part of the
  /// record.
  var corners: [(entry: Int, kink: Kink, step: Double)] = []
  /// The directions, where they were checked. Not part of the record.
  var lines: TensorResult.MeasuredLines?

  /// What was measured: entries, or directions.
  var measuredEntries: [EntryResult] { lines?.entries ?? entries }
  /// The scale of what was measured.
  var measuredScale: Double { lines?.rms ?? rms }

  struct MeasuredLines: Sendable {
    let rms: Double
    let entries: [EntryResult]
  }

  enum CodingKeys: String, CodingKey {
    case name, shape, verdict, reason, rms, sensitivity, counts, unused, worst, directions
    case maxRelativeError = "max_relative_error"
    case unusedRows = "unused_rows"
    case unusedColumns = "unused_columns"
    case differingMeasurably = "differing_measurably"
  }

  /// The measured gradient, in row order.
  public var numeric: [Double] { entries.map(\.numeric) }
  /// Its error bounds.
  public var bounds: [Double] { entries.map(\.bound) }
  /// Claimed minus measured.
  public var residual: [Double] { entries.map { $0.analytic - $0.numeric } }
}

/// The check of a whole gradient.
public struct GradientResult: Codable, Sendable {
  /// The worst verdict of the parameters.
  public let verdict: Verdict
  /// The formula that measured.
  public let estimator: Estimator
  /// The relative difference that was accepted.
  public let rtol: Double
  /// The probability that noise alone exceeds a bound anywhere.
  public let alpha: Double
  /// The loss at the point, and the noise of one evaluation.
  public let value: Double
  /// The standard deviation of the noise of the loss, in units of the loss.
  public let noise: Double
  /// How often the loss was evaluated.
  public let evaluations: Int
  /// The smallest relative error that would not have passed wherever it was.
  public let sensitivity: Double
  /// Entry by entry, or along random directions, and why.
  public let mode: CheckMode
  /// The check was interrupted: what was not measured is inconclusive.
  package let isUnfinished: Bool
  /// How many entries of all parameters ended how.
  public let entries: EntryCounts
  /// One for each parameter, in their order.
  public let parameters: [TensorResult]
  /// Why, where the verdict does not follow from the entries.
  public let reason: String?
  /// What was found at a second point; nil where none was looked at.
  public let secondPoint: SecondPointResult?

  enum CodingKeys: String, CodingKey {
    case verdict, estimator, rtol, alpha, value, noise, evaluations, sensitivity, mode, entries
    case parameters, reason
    case secondPoint = "second_point"
    case isUnfinished = "unfinished"
  }
}

/// How a gradient was checked.
public struct CheckMode: Codable, Equatable, Sendable {
  /// Lines for each tensor; 0 for entry by entry.
  public let directions: Int
  /// Who chose, and why.
  public let reason: String
}

/// A tensor checked along random directions.
public struct DirectionReport: Codable, Equatable, Sendable {
  /// The number of independent directions.
  public let count: Int
  /// tau: a directional difference larger than this does not pass.
  public let threshold: Double
  /// An error whose largest entry is e goes unnoticed with a probability of at most
  /// (tau / e)^count, whatever the other entries are: each direction's entry is uniform in
  /// +-[0.5, 1.5], so the density of v.e nowhere exceeds 1 / (2 e).
  public func missProbability(ofError size: Double) -> Double {
    min(1, Foundation.pow(threshold / abs(size), Double(count)))
  }
  /// Relative to the rms of the tensor's gradient, the error that is missed once in a million.
  package let certified: Double
  /// Wrong entries that bisection could not narrow down further, as ranges of positions in row order.
  package let unresolved: [[Int]]
}
