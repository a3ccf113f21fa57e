/// The check of training: does every update move the one shared parameter, once?
public struct UpdateResult: Codable, Sendable {
  /// The worst verdict of the optimizers.
  public let verdict: Verdict
  /// One for each way of training.
  public let optimizers: [OptimizerResult]
  /// Rows that every training must leave where they are, bit for bit; nil where all are trained.
  public let fixed: [FixedRows]?
  /// Optimizers whose steps are not compared; nil where all are.
  public var notCompared: [NotCompared]?

  enum CodingKeys: String, CodingKey {
    case verdict, optimizers, fixed
    case notCompared = "not_compared"
  }

  /// An optimizer whose steps there is nothing to compare with.
  public struct NotCompared: Codable, Equatable, Sendable {
    /// The optimizer's name.
    public let name: String
    /// Why, in a few words.
    public let reason: String

    package init(name: String, reason: String) {
      self.name = name
      self.reason = reason
    }
  }

  /// The fixed rows of one parameter.
  public struct FixedRows: Codable, Sendable {
    /// The parameter, by name.
    public let parameter: String
    /// Its fixed rows, counted from 0.
    public let rows: [Int]

    /// The fixed rows of a parameter.
    package init(parameter: String, rows: [Int]) {
      self.parameter = parameter
      self.rows = rows
    }
  }
}

/// One optimizer.
public struct OptimizerResult: Codable, Sendable {
  /// The step made from one use's contribution alone.
  public struct Through: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// The parameter, by name.
    public let parameter: String
    /// The Frobenius norm of the movement that the reference predicts.
    public let predicted: Double
    /// The same of the movement that was seen; by every use of the parameter.
    public let moved: Double
    /// What each use saw, through its own handle.
    public let seenBy: [Seen]
    /// Fail where the movement is not the predicted one, or is not seen by every use.
    public let verdict: Verdict

    enum CodingKeys: String, CodingKey {
      case layer, use, parameter, predicted, moved, verdict
      case seenBy = "seen_by"
    }
  }

  /// What one use saw of a movement.
  public struct Seen: Codable, Sendable, UseRecorded {
    /// The layer, by name.
    public let layer: String
    /// Which of the layer's uses; nil where it has only one.
    public let use: String?
    /// The Frobenius norm of the movement that this use saw.
    public let moved: Double
  }

  /// The step made from all contributions together.
  public struct FullStep: Codable, Sendable {
    /// The parameter, by name.
    public let parameter: String
    /// <moved, predicted> / <predicted, predicted>: 1 for one step, 2 for two.
    public let ratio: Double
    /// Fail where the movement is not the predicted one.
    public let verdict: Verdict
  }

  /// A mistake that would have moved a parameter exactly as it was moved.
  public struct Explanation: Codable, Equatable, Sendable {
    /// The mistake's name in the gallery.
    public let id: String
    /// The parameter, by name.
    public let parameter: String
    /// The mistake in a sentence.
    public let sentence: String
  }

  /// The slope of the loss along the step, measured and claimed.
  public struct Slope: Codable, Sendable {
    /// The measured slope.
    public let numeric: Double
    /// Its error bound.
    public let bound: Double
    /// <G, step>.
    public let analytic: Double
    /// Fail where the two differ by more than the bound and the tolerance.
    public let verdict: Verdict
  }

  /// The optimizer's name.
  public let name: String
  /// How many steps were compared with the reference.
  public let steps: Int
  /// The worst verdict of its experiments.
  public let verdict: Verdict
  /// The largest |value - reference| / max(|reference|, rms), over parameters and steps; state
  /// included.
  public let maxDifference: Double
  /// nil where it is not known.
  public let stateSlots: Int?
  /// For how many parameters the reference keeps state.
  public let expectedStateSlots: Int
  /// The steps from one use's contribution alone.
  public let through: [Through]
  /// The step from all contributions together, for each parameter.
  public let fullStep: [FullStep]
  /// The slope of the loss along that step.
  public let slope: Slope
  /// For the untied twin, trained alike: by how much its first two kernels that had been one differ
  /// after 0, 1, 2, ... steps, relative to the first. Empty where nothing is shared.
  public let drift: [Double]
  /// The parameters that left the reference, and the mistakes that would explain each.
  public let strayed: [String]
  /// The mistakes that would explain what was seen.
  public let explanations: [Explanation]
  /// One sentence for each thing that is wrong.
  public let findings: [String]
  /// Why nothing could be compared; nil where something was.
  public var reason: String?

  enum CodingKeys: String, CodingKey {
    case name, steps, verdict, through, slope, drift, strayed, explanations, findings, reason
    case maxDifference = "max_difference"
    case stateSlots = "state_slots"
    case expectedStateSlots = "expected_state_slots"
    case fullStep = "full_step"
  }
}
