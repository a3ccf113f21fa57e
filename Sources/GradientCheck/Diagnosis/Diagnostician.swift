import GSLKit
import TiedLayers

/// Explains what the checks found by what the witness measured at the same point.
///
/// The residual R = claimed - measured of a failing parameter is fitted by signatures: the gradient
/// through each path, their sum, their transposes, the weights themselves. A hypothesis is named only
/// if it leaves nothing outside the error bounds, agrees with the table of paths, and no simpler one
/// does. The diagnosis is joint: one factor of several gradients beats a story for each of them. A wrong
/// name is worse than none.
package struct Diagnostician {
  private let scales: LossScales
  private let claimRounding: Double
  /// The directions of a parameter that was checked along such: <v, values> for each of them.
  private let project: (_ parameter: Int, _ values: [Double]) -> [Double]?

  /// - Parameters:
  ///   - batch: how many samples the loss is a mean over; nil if there is no batch.
  ///   - outputs: how many outputs each sample has, where that is known.
  package init(batch: Int? = nil, outputs: Int? = nil) {
    self.init(LossScales(batch: batch, outputs: outputs))
  }

  /// - Parameter claimUnitRoundoff: of the arithmetic that the gradient is claimed in.
  init(
    _ scales: LossScales, claimUnitRoundoff: Double = Double.unitRoundoff,
    project: @escaping (_ parameter: Int, _ values: [Double]) -> [Double]? = { _, _ in nil }
  ) {
    self.scales = scales
    claimRounding = ParameterError.claimRounding(unitRoundoff: claimUnitRoundoff)
    self.project = project
  }

  /// What is measured for itself, and only where nothing else explains the error of the parameter with
  /// this number.
  struct LastResorts {
    /// Its gradient taken apart by samples.
    var samples: (Int) throws -> SampleEvidence? = { _ in nil }
    /// What it would be with each of some mistakes.
    var mistakes: (Int) throws -> [WrongGradient] = { _ in [] }
  }

  /// Every diagnosis, in the order gradient, tie, updates.
  /// - Parameter values: the point, by parameter name: a residual may be a multiple of the weights.
  package func diagnose(
    gradient: GradientResult, tie: TieResult, updates: UpdateResult? = nil,
    values: [String: [Double]] = [:]
  ) -> [Diagnosis] {
    // Without last resorts nothing is measured, and nothing can throw.
    (try? diagnose(
      gradient: gradient, tie: tie, updates: updates, values: values, LastResorts())) ?? []
  }

  func diagnose(
    gradient: GradientResult, tie: TieResult, updates: UpdateResult?, values: [String: [Double]],
    _ lastResorts: LastResorts
  ) throws -> [Diagnosis] {
    let failing = gradient.parameters.indices.filter { isExplicable(gradient.parameters[$0]) }
    let errors = failing.map { p in
      let tensor = gradient.parameters[p]
      let point = values[tensor.name]
      return ParameterError(
        tensor, tie.groups.first { $0.parameter == tensor.name },
        weights: tensor.lines == nil ? point : point.flatMap { project(p, $0) },
        claimRounding: claimRounding)
    }
    let explained = JointExplanation(errors, scales.including(gradient.parameters)).stories
    var found = try failing.indices.map { i in
      try explain(
        errors[i], explained[i], gradient.parameters[failing[i]],
        mistakes: { try lastResorts.mistakes(failing[i]) },
        samples: { try lastResorts.samples(failing[i]) })
    }
    // Of two uses over time the first one lost is all but the last one lost: where another parameter
    // tells such a mistake from a missing path, it tells for this one too.
    let mistakes = Set(found.filter(\.isMeasured).flatMap(\.diagnoses).map(\.id))
    for i in failing.indices
    where !mistakes.isEmpty && found[i].diagnoses.map(\.id) == ["missing-path"] {
      let fitting = fitting(try lastResorts.mistakes(failing[i]), errors[i])
      if let story = fitting.first(where: { !mistakes.isDisjoint(with: $0.ids) }) {
        found[i] = Found(
          diagnoses: Story.diagnoses([story], of: errors[i].name), isMeasured: true)
      }
    }
    return found.flatMap(\.diagnoses) + tie.diagnoses
      + (updates.map(UpdateHypothesis.diagnoses) ?? [])
  }

  /// It fails by numbers that were claimed, and not as a whole, such as for being of the wrong length.
  private func isExplicable(_ tensor: TensorResult) -> Bool {
    guard tensor.verdict == .fail, tensor.reason == nil || tensor.lines != nil else { return false }
    let entries = tensor.measuredEntries
    return !entries.isEmpty && entries.allSatisfy(\.analytic.isFinite)
  }

  /// What was found about one parameter.
  private struct Found {
    let diagnoses: [Diagnosis]
    /// By a mistake that was measured for itself.
    var isMeasured = false
  }

  private func explain(
    _ error: ParameterError, _ stories: [Story], _ tensor: TensorResult,
    mistakes: () throws -> [WrongGradient], samples: () throws -> SampleEvidence?
  ) throws -> Found {
    if !stories.isEmpty { return Found(diagnoses: Story.diagnoses(stories, of: error.name)) }
    // Along directions there is no entry to show.
    guard error.isByEntry else { return Found(diagnoses: []) }
    if let rounded = RoundedClaim(tensor) {
      return Found(diagnoses: [rounded.diagnosis(of: error.name)])
    }
    let fitting = fitting(try mistakes(), error)
    if !fitting.isEmpty {
      return Found(diagnoses: Story.diagnoses(fitting, of: error.name), isMeasured: true)
    }
    let bySample = try samples()?.sentence(tensor.residual)
    return Found(
      diagnoses: [UnexplainedError(tensor: tensor, bySample: bySample).diagnosis])
  }

  /// The mistakes, measured for themselves, that are what is claimed.
  private func fitting(_ mistakes: [WrongGradient], _ error: ParameterError) -> [Story] {
    mistakes.flatMap { error.stories([.mistake($0, of: error)]) }
  }
}
