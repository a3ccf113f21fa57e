import GSLKit
import TiedLayers

/// Explains what the checks found by what the witness measured at the same point.
///
/// The residual R = claimed - measured of a failing parameter is fitted by signatures: the gradient
/// through each path, their sum, their transposes, the weights themselves. A hypothesis is named only
/// if it leaves nothing outside the error bounds and no simpler one does: one signature with a
/// coefficient that means something, then one with any coefficient, then two that both mean
/// something. A wrong name is worse than none.
package struct Diagnostician {
  /// The batch size, for the mix-up of mean and sum; nil if there is no batch.
  package var batch: Int?

  package init(batch: Int? = nil) { self.batch = batch }

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
    let failing = gradient.parameters.indices.filter { p in
      let tensor = gradient.parameters[p]
      return tensor.verdict == .fail && tensor.reason == nil && !tensor.entries.isEmpty
    }
    var explained = try failing.map { p in
      let tensor = gradient.parameters[p]
      let group = tie.groups.first { $0.parameter == tensor.name }
      return try explain(
        tensor, signatures(tensor, group, weights: values[tensor.name]),
        mistakes: { try lastResorts.mistakes(p) }, samples: { try lastResorts.samples(p) })
    }
    // Of two uses over time the first one lost is all but the last one lost: where another parameter
    // tells such a mistake from a missing path, it tells for this one too.
    let mistakes = Set(explained.filter(\.isMeasured).flatMap(\.diagnoses).map(\.id))
    for (i, p) in failing.enumerated()
    where !mistakes.isEmpty && explained[i].diagnoses.map(\.id) == ["missing-path"] {
      let tensor = gradient.parameters[p]
      let fitting = fitting(try lastResorts.mistakes(p), tensor)
      if let name = fitting.first(where: { mistakes.contains($0.id) }) {
        explained[i] = Explanation(diagnoses: [diagnosis(name, tensor)], isMeasured: true)
      }
    }
    return explained.flatMap(\.diagnoses) + tie.diagnoses
      + (updates.map(UpdateHypothesis.diagnoses) ?? [])
  }

  // MARK: Signatures

  private func signatures(
    _ tensor: TensorResult, _ group: TieGroup?, weights: [Double]?
  ) -> [Signature] {
    let paths = Array(zip(group?.measured ?? [], group?.uses ?? []))
    let ofLayers = paths.filter { $0.1.isLossTerm != true }.map(\.0)
    var signatures: [Signature] = []
    for (path, use) in paths {
      if use.isLossTerm == true {
        signatures.append(.lossTerm(path, of: tensor.name, uses: ofLayers.count))
        continue
      }
      signatures.append(.path(path, of: tensor.name))
      if use.transposed, let turned = Signature.untransposed(path, of: tensor) {
        signatures.append(turned)
      }
    }
    // With two uses, one path alone is the other one missing.
    if ofLayers.count > 2 {
      signatures += ofLayers.map { .allBut($0, among: ofLayers, of: tensor) }
    }
    signatures.append(.whole(tensor, uses: ofLayers.count, batch: batch))
    if let weights, tensor.shape.count == 2, ofLayers.count == paths.count {
      signatures.append(.weights(weights, of: tensor.name))
    }
    return signatures
  }

  // MARK: Names

  private struct Name {
    let id: String
    let sentence: String
    let coefficient: Double
    let error: Double
  }

  /// What was found about one parameter.
  private struct Explanation {
    let diagnoses: [Diagnosis]
    /// By a mistake that was measured for itself.
    var isMeasured = false
  }

  private func explain(
    _ tensor: TensorResult, _ signatures: [Signature], mistakes: () throws -> [WrongGradient],
    samples: () throws -> SampleEvidence?
  ) throws -> Explanation {
    let singles = signatures.compactMap { signature in
      SignatureFit(tensor.residual, tensor.bounds, [signature]).map { (signature, $0) }
    }
    let meant = singles.compactMap { meaning($0.1.coefficients[0], $0.1.errors[0], of: $0.0) }
    if !meant.isEmpty { return Explanation(diagnoses: [name(meant, tensor)]) }
    let scaled = singles.compactMap { anyMultiple($0.1, of: $0.0, tensor) }
    if !scaled.isEmpty { return Explanation(diagnoses: [name(scaled, tensor)]) }
    let pairs = pairs(tensor, signatures)
    if pairs.count == 1 {
      return Explanation(diagnoses: pairs[0].map { diagnosis($0, tensor) })
    }
    if let name = fitting(try mistakes(), tensor).first {
      return Explanation(diagnoses: [diagnosis(name, tensor)], isMeasured: true)
    }
    let bySample = try samples()?.sentence(tensor.residual)
    return Explanation(
      diagnoses: [UnexplainedError(tensor: tensor, bySample: bySample).diagnosis])
  }

  /// The meaning of a coefficient, if it has one; all of them if it has several.
  private func meaning(_ c: Double, _ error: Double, of signature: Signature) -> Name? {
    let near = signature.meanings(of: c, error: error)
    guard !near.isEmpty else { return nil }
    return Name(
      // The mean over five uses is the mean over five samples.
      id: near.count == 1 ? near[0].id : "ambiguous",
      sentence: near.map { signature.told(c, $0.sentence) }.joined(separator: "; or "),
      coefficient: c, error: error)
  }

  /// One signature with any coefficient. It has a parameter to spend: it must explain enough numbers.
  private func anyMultiple(
    _ fit: SignatureFit, of signature: Signature, _ tensor: TensorResult
  ) -> Name? {
    let (c, error) = (fit.coefficients[0], fit.errors[0])
    let told = signature.values.indices.count {
      abs(c * signature.values[$0]) > 10 * (tensor.bounds[$0] + abs(c) * signature.bounds[$0])
    }
    guard told >= 4, error < 0.01 * abs(c), let (id, sentence) = signature.other?(c) else {
      return nil
    }
    return Name(id: id, sentence: signature.told(c, sentence), coefficient: c, error: error)
  }

  /// Two signatures at once, both with a meaning (a stray weight term has one whatever its size).
  private func pairs(_ tensor: TensorResult, _ signatures: [Signature]) -> [[Name]] {
    var pairs: [[Name]] = []
    for i in signatures.indices {
      for j in signatures.indices where j > i && tensor.entries.count >= 4 {
        let pair = [signatures[i], signatures[j]]
        guard let fit = SignatureFit(tensor.residual, tensor.bounds, pair) else { continue }
        let names = pair.indices.compactMap { s -> Name? in
          let (signature, c, error) = (pair[s], fit.coefficients[s], fit.errors[s])
          if let name = meaning(c, error, of: signature) { return name }
          guard signature.isFree, error < 0.01 * abs(c), let (id, sentence) = signature.other?(c)
          else { return nil }
          return Name(id: id, sentence: signature.told(c, sentence), coefficient: c, error: error)
        }
        if names.count == 2 { pairs.append(names) }
      }
    }
    return pairs
  }

  /// The mistakes, measured for themselves, that are what is claimed.
  private func fitting(_ mistakes: [WrongGradient], _ tensor: TensorResult) -> [Name] {
    mistakes.compactMap { wrong in
      let signature = Signature.mistake(wrong, of: tensor)
      return SignatureFit(tensor.residual, tensor.bounds, [signature]).flatMap {
        meaning($0.coefficients[0], $0.errors[0], of: signature)
      }
    }
  }

  /// One name, or several that this point cannot tell apart.
  private func name(_ names: [Name], _ tensor: TensorResult) -> Diagnosis {
    guard names.count > 1 else { return diagnosis(names[0], tensor) }
    return Diagnosis(
      id: "ambiguous", parameter: tensor.name, coefficient: names[0].coefficient,
      coefficientError: names[0].error, explained: true,
      sentence: names.map(\.sentence).joined(separator: "; or ")
        + ". At this point these cannot be told apart: their signatures are closer than their errors"
    )
  }

  private func diagnosis(_ name: Name, _ tensor: TensorResult) -> Diagnosis {
    Diagnosis(
      id: name.id, parameter: tensor.name, coefficient: name.coefficient,
      coefficientError: name.error, explained: true, sentence: name.sentence)
  }
}
