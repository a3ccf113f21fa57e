/// The check of every parameter that several uses share.
public struct TieResult: Codable, Sendable {
  /// The worst verdict of the groups; fail where a tie is missing or was not meant.
  public let verdict: Verdict
  /// One for each shared parameter.
  public let groups: [TieGroup]
  /// One sentence for each tie that was expected and is not there, and for each that is there and
  /// was not declared.
  public let missing: [String]
  /// One sentence for each tie that is there and was not meant.
  public let unmeant: [String]
  /// Those of `missing` where the layers start with equal values.
  public let copies: [String]
  /// Those of `missing` where a layer reads what it does not declare.
  public let undeclared: [String]
  /// Uses that a program with a right gradient did not describe, in a sentence each. Not part of the record:
  /// they are remarks.
  var otherUses: [String] = []
  /// Ties that could not be told, in a sentence each. Not part of the record: they are remarks.
  var untold: [String] = []

  enum CodingKeys: CodingKey {
    case verdict, groups, missing, unmeant, copies, undeclared
  }

  /// Nothing was asked.
  static let none = TieResult(
    verdict: .pass, groups: [], missing: [], unmeant: [], copies: [], undeclared: [])
}

/// One shared parameter.
public struct TieGroup: Codable, Sendable {
  /// One use of the parameter.
  public struct UseRecord: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// Whether this use reads the parameter transposed.
    public let transposed: Bool
    /// True where a term of the loss uses it, and no layer.
    public let isLossTerm: Bool?

    enum CodingKeys: String, CodingKey {
      case layer, use, transposed
      case isLossTerm = "loss_term"
    }
  }

  /// The gradient through one use alone.
  public struct Path: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// The Frobenius norm of the measured path gradient and of the claimed one, both estimated
    /// from the slopes along the same directions where directions were checked.
    public let norm: Double
    /// nil where the model claims no gradient for a single use. The verdict is then about the measurement.
    public let claimedNorm: Double?
    /// <path, whole> / <whole, whole>: what this path has in the whole measured gradient, or in the
    /// claimed one where directions were checked. The
    /// shares add up to 1; one that works against the others is negative.
    public let share: Double
    /// Claimed against measured, entry by entry.
    public let verdict: Verdict
    /// The largest |claimed - measured| / max(|measured|, rms) of this path.
    public let maxRelativeError: Double

    enum CodingKeys: String, CodingKey {
      case layer, use, norm, share, verdict
      case claimedNorm = "claimed_norm"
      case maxRelativeError = "max_relative_error"
    }
  }

  /// One use's contribution at a second point, a thousandth of the values away, along a random direction.
  public struct SecondPoint: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// Claimed against measured.
    public let verdict: Verdict
    /// The slope along the direction that is claimed.
    public let claimed: Double
    /// The slope along the direction that is measured.
    public let measured: Double
    /// How far the measured slope can be from the true one.
    public let bound: Double
    /// Why, where the verdict does not speak for itself.
    public let reason: String?
  }

  /// The paths add up to the whole, claimed and measured.
  public struct SumRule: Codable, Sendable {
    /// Fail where the paths do not add up to the whole within the bounds of both.
    public let verdict: Verdict
    /// The largest |sum of measured paths - measured whole| / max(|whole|, rms).
    public let maxRelativeError: Double
    /// The same for the claimed ones; nil where the model claims no gradient for a single use.
    public let maxClaimedError: Double?
    /// The measured half was tried again and is broken. Not part of the record.
    var isBrokenAsMeasured = false

    enum CodingKeys: String, CodingKey {
      case verdict
      case maxRelativeError = "max_relative_error"
      case maxClaimedError = "max_claimed_error"
    }
  }

  /// What is written through one use's handle is read through every other, bit for bit.
  public struct Identity: Codable, Sendable {
    /// Fail where a use reads other numbers than were written.
    public let verdict: Verdict
  }

  /// Whether a layer's output changes when the parameter does in one use.
  public struct Follows: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// `vacuous` where nothing arrives that the parameter could act on: that counts neither way.
    public let verdict: Verdict
    /// Why, where the verdict does not speak for itself.
    public let reason: String?
  }

  /// The parameter, by name.
  public let parameter: String
  /// Its shape, [rows, columns] for a kernel.
  public let shape: [Int]
  /// The worst verdict of the paths, the sum rule, the identity and what follows.
  public let verdict: Verdict
  /// Every use of the parameter that was measured, in order of the layers.
  public let uses: [UseRecord]
  /// The gradient through each use, in the order of `uses`.
  public let paths: [Path]
  /// Whether the paths add up to the whole.
  public let sumRule: SumRule
  /// nil where there is no handle to write through.
  public let identity: Identity?
  /// Whether each use follows the parameter when it changes.
  public let follows: [Follows]
  /// What the uses claim at a second point; nil where nothing was claimed or measured there.
  public var secondPoint: [SecondPoint]?
  /// How many further uses there are that were not measured; nil for none. See `TieCheck.mostUses`.
  public var unmeasuredUses: Int?
  /// True where what the uses claim does not add up to a whole gradient that passes, and comes from another
  /// computation than that: it is then not compared.
  public var claimsAreApart: Bool?
  /// Whether the whole gradient of the parameter passes. Not part of the record.
  var wholePasses = false
  /// The measured path gradients with their bounds, one tensor for each use: what a diagnosis is
  /// made from. Not part of the record.
  public var measured: [TensorResult] = []

  enum CodingKeys: String, CodingKey {
    case parameter, shape, verdict, uses, paths, identity, follows
    case sumRule = "sum_rule"
    case secondPoint = "second_point"
    case unmeasuredUses = "unmeasured_uses"
    case claimsAreApart = "claims_apart"
  }
}
