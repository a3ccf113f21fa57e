import TiedLayers

/// One entry of a gradient: what was claimed, what was measured, and what follows.
public struct EntryResult: Codable, Equatable, Sendable {
  /// [row, column] or [index].
  public let index: [Int]
  /// The claimed derivative.
  public let analytic: Double
  /// The measured one, and its error bound and step.
  public let numeric: Double
  public let bound: Double
  public let step: Double
  public let verdict: Verdict
  /// Why, where the verdict does not speak for itself.
  public let reason: String?
  /// The second witness, where it was asked.
  public let secondNumeric: Double?
  public let secondBound: Double?
  /// tol of the acceptance rule.
  public let tolerance: Double
  /// The smallest relative error that would have failed here.
  public let sensitivity: Double

  enum CodingKeys: String, CodingKey {
    case index, analytic, numeric, bound, step, verdict, reason, tolerance, sensitivity
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
    try container.encode(sensitivity, forKey: .sensitivity)
  }

  /// |claimed - measured|.
  public var difference: Double { abs(analytic - numeric) }
  /// The difference lies outside the error bound, even if within the tolerance.
  public var differsMeasurably: Bool { difference > bound }
}

/// How many entries ended how.
public struct EntryCounts: Codable, Equatable, Sendable {
  public var total = 0
  public var pass = 0
  public var fail = 0
  public var inconclusive = 0
  public var kink = 0

  mutating func add(_ verdict: Verdict) {
    total += 1
    switch verdict {
    case .pass, .vacuous: pass += 1
    case .fail: fail += 1
    case .inconclusive: inconclusive += 1
    case .kink: kink += 1
    }
  }
}

/// The check of one tensor.
public struct TensorResult: Codable, Sendable {
  public let name: String
  public let shape: [Int]
  public let verdict: Verdict
  /// Where the claim as a whole is at fault: nothing claimed, or of the wrong length.
  public let reason: String?
  /// The largest |claimed - measured| / max(|measured|, rms).
  public let maxRelativeError: Double
  /// The root mean square of the measured gradient: the tensor's scale, or the whole gradient's
  /// where the tensor is zero here.
  public let rms: Double
  /// The smallest relative error that would have failed in every entry.
  public let sensitivity: Double
  public let counts: EntryCounts
  /// Entries whose perturbation did not change the loss by a single bit.
  public let unused: Int
  /// Entries that differ by more than their bound, within the tolerance.
  public let differingMeasurably: Int
  /// The worst entries, worst first.
  public let worst: [EntryResult]
  /// Every entry, in row order. Not part of the record.
  public var entries: [EntryResult] = []

  enum CodingKeys: String, CodingKey {
    case name, shape, verdict, reason, rms, sensitivity, counts, unused, worst
    case maxRelativeError = "max_relative_error"
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
  public let verdict: Verdict
  public let estimator: Estimator
  public let rtol: Double
  public let alpha: Double
  /// The loss at the point, and the noise of one evaluation.
  public let value: Double
  public let noise: Double
  public let evaluations: Int
  /// The smallest relative error that would have failed wherever it was.
  public let sensitivity: Double
  public let entries: EntryCounts
  public let parameters: [TensorResult]
  /// Why, where the verdict does not follow from the entries.
  public let reason: String?
}
