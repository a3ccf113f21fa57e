import GSLKit
import TiedLayers

/// One model at one point, with everything that is to be checked about it.
public struct CheckCase {
  /// The case's name, as the report calls it.
  public let name: String
  /// The model's name, as `--model` takes it.
  public let model: String
  /// Makes the objective, fresh.
  public let makeObjective: () throws -> any SummarizedObjective
  /// Makes the same model in Double, for the questions about its structure; nil where
  /// `makeObjective` does.
  public let makeDouble: (() throws -> ChainObjective<Double>)?
  /// Sets of layers that are meant to share a kernel.
  public let expectedTies: [[String]]
  /// Sets of layers that are meant to share a bias, all others being meant not to; nil where anything
  /// goes.
  public let expectedBiases: [[String]]?
  /// How the model is summarized, saved and converted.
  package let handling: ModelHandling
  /// What the case is expected to end in: an example of a wrong model is expected to fail.
  public let expected: Verdict
  /// The ways of training that are compared with their references.
  public let subjects: [UpdateSubject]
  /// How many steps of each are compared.
  public let steps: Int
  /// Whether the claimed gradient's own derivatives are checked for symmetry.
  public let checksSymmetry: Bool
  /// What is asked.
  public let scope: CheckScope
  /// Mistakes that are looked for where nothing else explains an error.
  package var mistakes = ordinaryMistakes

  /// A case as its parts. Every argument after `model` may be left out: without them nothing is meant to
  /// be shared, and everything is asked.
  /// - Parameters:
  ///   - name: the case's name, as the report calls it.
  ///   - model: the model's name, as `--model` takes it.
  ///   - expectedTies: sets of layers that are meant to share a kernel. A layer is given by its name; one
  ///     of several uses by the layer's name and the use's own, "mirror there".
  ///   - expectedBiases: sets of layers that are meant to share a bias; nil where anything goes.
  ///   - expected: the verdict that the case is expected to end in.
  ///   - subjects: the ways of training that are compared with their references.
  ///   - steps: how many steps of each are compared.
  ///   - checksSymmetry: whether the claimed gradient's own derivatives are checked for symmetry.
  ///   - scope: what is asked.
  ///   - makeDouble: makes the same model in Double, where `makeObjective` makes it in Float.
  ///   - makeObjective: makes the model at its point, fresh at each call.
  public init(
    name: String, model: String, expectedTies: [[String]] = [], expectedBiases: [[String]]? = nil,
    expected: Verdict = .pass, subjects: [UpdateSubject] = UpdateSubject.standard, steps: Int = 5,
    checksSymmetry: Bool = false, scope: CheckScope = .everything,
    makeDouble: (() throws -> ChainObjective<Double>)? = nil,
    makeObjective: @escaping () throws -> any SummarizedObjective
  ) {
    self.init(
      name: name, model: model, expectedTies: expectedTies, expectedBiases: expectedBiases,
      expected: expected, handling: .right, subjects: subjects, steps: steps,
      checksSymmetry: checksSymmetry, scope: scope, makeDouble: makeDouble,
      makeObjective: makeObjective)
  }

  package init(
    name: String, model: String, expectedTies: [[String]] = [], expectedBiases: [[String]]? = nil,
    expected: Verdict = .pass, handling: ModelHandling,
    subjects: [UpdateSubject] = UpdateSubject.standard, steps: Int = 5,
    checksSymmetry: Bool = false, scope: CheckScope = .everything,
    makeDouble: (() throws -> ChainObjective<Double>)? = nil,
    makeObjective: @escaping () throws -> any SummarizedObjective
  ) {
    self.name = name
    self.model = model
    self.makeObjective = makeObjective
    self.makeDouble = makeDouble
    self.expectedTies = expectedTies
    self.expectedBiases = expectedBiases
    self.handling = handling
    self.expected = expected
    self.subjects = subjects
    self.steps = steps
    self.checksSymmetry = checksSymmetry
    self.scope = scope
  }

  /// Runs the gradient check, the tie check and the update check, says what could have been seen,
  /// and reads a diagnosis off the residual.
  /// - Parameter workers: threads for the gradient check; each makes an objective of its own.
  public func run(_ options: CheckOptions, workers: Int = 1) throws -> CaseResult {
    let accused = try (0..<max(workers, 1)).map { _ in try makeObjective() }
    let objectives = try accused.map { try DoubleWitness.witnessed($0, options) }
    let objective = objectives[0]
    // What is asked of a model's structure does not depend on its precision; it is asked in Double.
    let double = try accused[0] as? ChainObjective<Double> ?? makeDouble?()
    let summary =
      try double.map {
        try handling.summarize($0.network.chain, $0.input)
      } ?? objective.summary()
    let gradient = try GradientChecker(options).check(objectives)
    let tie = try TieCheck(options).check(
      objective, gradient: gradient, expected: expectedTies, biases: expectedBiases)
    let judgedTie = scope.contains(.ties) ? tie : .none
    var updates = try UpdateCheck(options, steps: steps).check(
      objective, gradient: gradient, scope.contains(.updates) ? subjects : [])
    updates.notCompared = accused[0].notCompared.isEmpty ? nil : accused[0].notCompared
    let structure =
      try scope.contains(.structure)
      ? double.map { try StructureCheck(options).check($0, handling) } : nil
    let power = Power(gradient: gradient, tie: tie)
    let symmetry = checksSymmetry ? try SymmetryCheck(options).check(objective) : nil
    let remarks =
      [
        DoubleWitness.remark(accused[0], measured: objective, options), power.remark(gradient),
      ].compactMap { $0 } + judgedTie.remarks + (try accused[0].remarks(after: gradient))
    // That the loss does not read them is known, and said.
    let unread = Set(remarks.filter { $0.about == Remark.unused }.flatMap(\.parameters))
    let vacuousParameters = power.vacuousParameters.filter { !unread.contains($0) }
    var untold = power.untold.filter { !unread.contains($0.parameter) }
    if objective.hasEqualSamples {
      untold.append(.samplesMixed)
    }
    let faults = accused[0].faults(after: gradient)
    let verdicts =
      [gradient.verdict, judgedTie.verdict, updates.verdict, symmetry?.verdict ?? .pass]
      + [structure?.verdict ?? .pass, faults.isEmpty ? .pass : .fail]
      + vacuousParameters.map { _ in Verdict.vacuous }
    let named = try diagnoses(
      objective, options, gradient: gradient, tie: tie, updates: updates)
    return CaseResult(
      name: name, model: model, verdict: Verdict.overall(verdicts), expected: expected,
      scope: scope == .everything ? nil : scope,
      loss: .init(name: objective.lossName, value: gradient.value, noise: gradient.noise),
      summary: summary, gradient: gradient, tie: judgedTie, updates: updates, structure: structure,
      symmetry: symmetry,
      diagnoses: named.filter { scope.contains(.ties) || !tie.diagnoses.contains($0) }
        + (structure?.diagnoses ?? []) + faults, vacuous: untold,
      vacuousParameters: vacuousParameters,
      evidence: try Evidence(objective, gradient, options),
      remarks: remarks.isEmpty ? nil : remarks,
      notAsked: objective.notAsked.isEmpty ? nil : objective.notAsked)
  }

  /// What is wrong, by name.
  private func diagnoses(
    _ objective: any SummarizedObjective, _ options: CheckOptions, gradient: GradientResult,
    tie: TieResult, updates: UpdateResult
  ) throws -> [Diagnosis] {
    let values = Dictionary(
      objective.parameters.map { ($0.name, $0.flat) }, uniquingKeysWith: { first, _ in first })
    let samples = objective as? any SampledObjective
    let lastResorts = Diagnostician.LastResorts(
      samples: { p in
        try samples.flatMap { try SampleEvidence.measure($0, gradient.parameters[p], parameter: p) }
      },
      mistakes: { p in
        // Of a model in Float they are measured where the gradient is.
        let measured: any PathObjective =
          (objective as? WitnessedObjective)?.witness ?? objective
        return try mistakes.flatMap {
          try $0.wrongGradients(measured, gradient.parameters[p], parameter: p)
        }
      })
    let scales = LossScales(batch: objective.batch, outputs: objective.outputs)
    return try Diagnostician(scales, claimUnitRoundoff: objective.gradientUnitRoundoff) {
      p, values in
      gradient.parameters[p].directions.map {
        Lines(count: $0.count, entries: values.count, seed: options.seed, tensor: p)
      }?.project(values)
    }.diagnose(
      gradient: gradient, tie: tie, updates: updates, values: values, lastResorts)
  }
}

/// Everything found about one case.
public struct CaseResult: Codable, Sendable {
  /// The loss at the point.
  public struct LossRecord: Codable, Sendable {
    /// The loss, as `--loss` takes it.
    public let name: String
    /// Its value at the point.
    public let value: Double
    /// The standard deviation of its rounding noise, in units of the loss.
    public let noise: Double
  }

  /// The case's name.
  public let name: String
  /// The model's name.
  public let model: String
  /// The worst verdict of everything that was asked.
  public let verdict: Verdict
  /// The verdict that the case was expected to end in.
  public private(set) var expected: Verdict
  /// What was asked; nil for everything.
  public let scope: CheckScope?
  /// The loss at the point.
  public let loss: LossRecord
  /// The table of the layers.
  public let summary: ModelSummary
  /// The check of every parameter's gradient.
  public let gradient: GradientResult
  /// The check of what is shared.
  public let tie: TieResult
  /// The check of the optimizers' steps.
  public let updates: UpdateResult
  /// What no derivative can tell; nil where the model is not a chain of layers.
  package let structure: StructureResult?
  /// Whether the claimed gradient belongs to a function, where that was asked.
  package let symmetry: SymmetryResult?
  /// What is wrong, by name, with the evidence; empty where nothing is.
  public let diagnoses: [Diagnosis]
  /// Bugs that would not have been noticed at this point.
  public let vacuous: [Power.Hypothesis]
  /// Parameters whose check proved nothing.
  public let vacuousParameters: [String]
  package let evidence: Evidence
  /// What a reader should know and what changes no verdict; nil if there is nothing.
  public let remarks: [Remark]?
  /// What the model could not be asked, in a sentence each; nil if there is nothing.
  public let notAsked: [String]?
  /// What this check would have made of the faults of a gallery at this very point; nil where nobody
  /// asked.
  package var noticed: [NoticedFault]?

  enum CodingKeys: String, CodingKey {
    case name, model, verdict, expected, scope, loss, summary, gradient, tie, updates, symmetry,
      diagnoses
    case vacuous, evidence, structure, remarks
    case notAsked = "not_asked"
    case noticed = "would_have_noticed"
    case vacuousParameters = "vacuous_parameters"
  }

  /// The same result where this end would have been right as well.
  package func accepting(_ verdict: Verdict) -> CaseResult {
    var accepted = self
    if self.verdict == verdict { accepted.expected = verdict }
    return accepted
  }

  /// Whether a question was asked at all.
  package func asks(_ question: CheckScope) -> Bool { scope?.contains(question) ?? true }

  /// No parameter has more than one use. Where nobody said who uses what, or the paths of what is
  /// shared could not be asked for, that is not known.
  package var sharesNothing: Bool {
    asks(.ties) && tie.groups.isEmpty && summary.layers.allSatisfy(\.sharesWith.isEmpty)
  }

  /// The case ended as it should.
  public var isAsExpected: Bool { verdict == expected }
}
