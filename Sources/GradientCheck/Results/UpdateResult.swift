/// The check of training: does every update move the one shared parameter, once?
public struct UpdateResult: Codable, Sendable {
  public let verdict: Verdict
  public let optimizers: [OptimizerResult]
  /// Rows that every training must leave where they are, bit for bit; nil where all are trained.
  public let fixed: [FixedRows]?

  /// The fixed rows of one parameter.
  public struct FixedRows: Codable, Sendable {
    public let parameter: String
    public let rows: [Int]

    public init(parameter: String, rows: [Int]) {
      self.parameter = parameter
      self.rows = rows
    }
  }
}

/// One optimizer.
public struct OptimizerResult: Codable, Sendable {
  /// The step made from one use's contribution alone.
  public struct Through: Codable, Sendable, UseRecorded {
    public let layer: String
    public let use: String?
    public let parameter: String
    /// The Frobenius norm of the movement that the reference predicts.
    public let predicted: Double
    /// The same of the movement that was seen; by every use of the parameter.
    public let moved: Double
    /// What each use saw, through its own handle.
    public let seenBy: [Seen]
    public let verdict: Verdict

    enum CodingKeys: String, CodingKey {
      case layer, use, parameter, predicted, moved, verdict
      case seenBy = "seen_by"
    }
  }

  public struct Seen: Codable, Sendable, UseRecorded {
    public let layer: String
    public let use: String?
    public let moved: Double
  }

  /// The step made from all contributions together.
  public struct FullStep: Codable, Sendable {
    public let parameter: String
    /// <moved, predicted> / <predicted, predicted>: 1 for one step, 2 for two.
    public let ratio: Double
    public let verdict: Verdict
  }

  /// A mistake that would have moved a parameter exactly as it was moved.
  public struct Explanation: Codable, Equatable, Sendable {
    public let id: String
    public let parameter: String
    public let sentence: String
  }

  /// The slope of the loss along the step, measured and claimed.
  public struct Slope: Codable, Sendable {
    public let numeric: Double
    public let bound: Double
    /// <G, step>.
    public let analytic: Double
    public let verdict: Verdict
  }

  public let name: String
  /// How many steps were compared with the reference.
  public let steps: Int
  public let verdict: Verdict
  /// The largest |value - reference| / max(|reference|, rms), over parameters and steps; state
  /// included.
  public let maxDifference: Double
  /// nil where it is not known.
  public let stateSlots: Int?
  public let expectedStateSlots: Int
  public let through: [Through]
  public let fullStep: [FullStep]
  public let slope: Slope
  /// For the untied twin, trained alike: by how much its first two kernels that had been one differ
  /// after 0, 1, 2, ... steps, relative to the first. Empty where nothing is shared.
  public let drift: [Double]
  /// The parameters that left the reference, and the mistakes that would explain each.
  public let strayed: [String]
  public let explanations: [Explanation]
  /// One sentence for each thing that is wrong.
  public let findings: [String]

  enum CodingKeys: String, CodingKey {
    case name, steps, verdict, through, slope, drift, strayed, explanations, findings
    case maxDifference = "max_difference"
    case stateSlots = "state_slots"
    case expectedStateSlots = "expected_state_slots"
    case fullStep = "full_step"
  }
}
