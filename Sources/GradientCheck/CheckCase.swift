import GSLKit
import TiedLayers

/// One model at one point, with everything that is to be checked about it.
public struct CheckCase {
  public let name: String
  /// The model's name, as `--model` takes it.
  public let model: String
  /// Makes the objective, fresh.
  public let makeObjective: () throws -> any SummarizedObjective
  /// Sets of layers that are meant to share a kernel.
  public let expectedTies: [[String]]
  /// What the case is expected to end in: an example of a wrong model is expected to fail.
  public let expected: Verdict
  public let subjects: [UpdateSubject]
  public let steps: Int

  public init(
    name: String, model: String, expectedTies: [[String]] = [], expected: Verdict = .pass,
    subjects: [UpdateSubject] = UpdateSubject.standard, steps: Int = 5,
    makeObjective: @escaping () throws -> any SummarizedObjective
  ) {
    self.name = name
    self.model = model
    self.makeObjective = makeObjective
    self.expectedTies = expectedTies
    self.expected = expected
    self.subjects = subjects
    self.steps = steps
  }

  /// Runs the gradient check, the tie check and the update check, and reads a diagnosis off them.
  public func run(_ options: CheckOptions) throws -> CaseResult {
    let objective = try makeObjective()
    let summary = try objective.summary()
    let gradient = try GradientChecker(options).check(objective)
    let tie = try TieCheck(options).check(objective, gradient: gradient, expected: expectedTies)
    let updates = try UpdateCheck(options, steps: steps).check(
      objective, gradient: gradient, subjects)
    let evidence = try Evidence(objective, gradient, options)
    return CaseResult(
      name: name, model: model,
      verdict: Verdict.overall([gradient.verdict, tie.verdict, updates.verdict]),
      expected: expected,
      loss: .init(name: objective.lossName, value: gradient.value, noise: gradient.noise),
      summary: summary, gradient: gradient, tie: tie, updates: updates,
      diagnoses: Diagnostician().diagnose(gradient: gradient, tie: tie), vacuous: [],
      evidence: evidence)
  }
}

/// A path objective that can also describe itself.
public protocol SummarizedObjective: PathObjective {
  var lossName: String { get }
  func summary() throws -> ModelSummary
}

extension ChainObjective: SummarizedObjective {
  public var lossName: String { network.loss.rawValue }
  public func summary() throws -> ModelSummary { try ModelSummary(network.chain, input: input) }
}

/// Everything found about one case.
public struct CaseResult: Codable, Sendable {
  public struct LossRecord: Codable, Sendable {
    public let name: String
    public let value: Double
    public let noise: Double
  }

  /// A bug that would not have been noticed at this point.
  public struct Vacuity: Codable, Sendable {
    public let hypothesis: String
    public let effectOverSensitivity: Double

    enum CodingKeys: String, CodingKey {
      case hypothesis
      case effectOverSensitivity = "effect_over_sensitivity"
    }
  }

  public let name: String
  public let model: String
  public let verdict: Verdict
  public let expected: Verdict
  public let loss: LossRecord
  public let summary: ModelSummary
  public let gradient: GradientResult
  public let tie: TieResult
  public let updates: UpdateResult
  public let diagnoses: [Diagnosis]
  public let vacuous: [Vacuity]
  public let evidence: Evidence

  /// The case ended as it should.
  public var isAsExpected: Bool { verdict == expected }
}
