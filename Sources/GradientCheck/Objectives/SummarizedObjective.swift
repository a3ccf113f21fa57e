import TiedLayers

/// A path objective that can also describe itself.
public protocol SummarizedObjective: PathObjective {
  /// The loss, by name.
  var lossName: String { get }
  /// How many samples the loss is a mean over.
  var batch: Int { get }
  /// How many outputs each sample has; nil where that is not known.
  var outputs: Int? { get }
  /// Every sample of the batch is the same: which one a number came from cannot be seen.
  var hasEqualSamples: Bool { get }
  /// What it cannot be asked, and why, in a sentence each.
  var notAsked: [String] { get }
  /// The optimizers that are not compared, and why.
  var notCompared: [UpdateResult.NotCompared] { get }
  /// What the model itself knows to be wrong with it, beside what is measured.
  func faults(after gradient: GradientResult) -> [Diagnosis]
  /// What a reader should know, and what changes no verdict.
  func remarks(after gradient: GradientResult) throws -> [Remark]
  /// The table of the layers.
  func summary() throws -> ModelSummary
}

extension SummarizedObjective {
  /// Not known.
  public var outputs: Int? { nil }
  /// Empty: everything can be asked.
  public var notAsked: [String] { [] }
  /// Empty: everything is compared.
  public var notCompared: [UpdateResult.NotCompared] { [] }
  /// None.
  public func faults(after gradient: GradientResult) -> [Diagnosis] { [] }
  /// None.
  public func remarks(after gradient: GradientResult) throws -> [Remark] { [] }
}

extension ChainObjective: SummarizedObjective {
  /// The loss, as `--loss` takes it.
  public var lossName: String { network.loss.rawValue }
  /// The rows of the input.
  public var batch: Int { input.rows }
  /// The columns of the target.
  public var outputs: Int? { target.columns }
  /// Whether all rows of the input, and of the target, are equal.
  public var hasEqualSamples: Bool {
    (1..<max(input.rows, 1)).allSatisfy { i in
      (0..<input.columns).allSatisfy { input[i, $0] == input[0, $0] }
        && (0..<target.columns).allSatisfy { target[i, $0] == target[0, $0] }
    }
  }

  /// The table of the layers.
  /// - Throws: `ShapeMismatch` where the layers do not fit together.
  public func summary() throws -> ModelSummary { try ModelSummary(network.chain, input: input) }
}
