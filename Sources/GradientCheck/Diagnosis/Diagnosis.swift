import Foundation
import GSLKit
import TiedLayers

/// The name of a bug, read off what a check measured.
public struct Diagnosis: Codable, Equatable, Sendable {
  /// What is wrong, such as "missing-path"; "ambiguous" where several names fit, "unexplained" where
  /// none does.
  public let id: String
  /// The parameter, by name; empty where there is none.
  public let parameter: String
  /// The fitted multiple of the signature, and its error.
  public let coefficient: Double
  /// The standard error of the coefficient.
  public let coefficientError: Double
  /// Whether what is left of the residual lies within the error bounds.
  public let explained: Bool
  /// The same for a person.
  public let sentence: String

  enum CodingKeys: String, CodingKey {
    case id, parameter, coefficient, explained, sentence
    case coefficientError = "coefficient_error"
  }
}

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

  /// Every diagnosis, in the order gradient, tie, updates.
  /// - Parameter values: the point, by parameter name: a residual may be a multiple of the weights.
  package func diagnose(
    gradient: GradientResult, tie: TieResult, updates: UpdateResult? = nil,
    values: [String: [Double]] = [:]
  ) -> [Diagnosis] {
    diagnose(
      gradient: gradient, tie: tie, updates: updates, values: values, samples: { _ in nil },
      lastUses: { _ in nil })
  }

  /// - Parameters:
  ///   - samples: takes the gradient of the parameter with this number apart by samples; asked only where
  ///     nothing else explains its error.
  ///   - lastUses: what the samples contribute to it through the last use that each of them reaches; asked
  ///     likewise.
  func diagnose(
    gradient: GradientResult, tie: TieResult, updates: UpdateResult?, values: [String: [Double]],
    samples: (Int) throws -> SampleEvidence?, lastUses: (Int) throws -> [Double]?
  ) rethrows -> [Diagnosis] {
    let failing = gradient.parameters.indices.filter { p in
      let tensor = gradient.parameters[p]
      return tensor.verdict == .fail && tensor.reason == nil && !tensor.entries.isEmpty
    }
    var found = try failing.map { p in
      let tensor = gradient.parameters[p]
      return try explain(
        tensor,
        signatures(
          tensor, tie.groups.first { $0.parameter == tensor.name }, weights: values[tensor.name]),
        samples: { try samples(p) }, lastUses: { try lastUses(p) })
    }
    // Of two uses over time the first one lost is all but the last one lost: where another parameter
    // tells the two apart, it tells for this one too.
    if found.joined().contains(where: { $0.id == "immediate-only" }) {
      for (i, p) in failing.enumerated() where found[i].map(\.id) == ["missing-path"] {
        let tensor = gradient.parameters[p]
        if let last = try lastUses(p), let name = immediateOnly(last, tensor) {
          found[i] = [diagnosis(name, tensor)]
        }
      }
    }
    return found.flatMap { $0 } + tie.diagnoses + (updates.map(UpdateHypothesis.diagnoses) ?? [])
  }

  // MARK: Signatures

  /// Something measured that a residual may be a multiple of.
  private struct Signature {
    /// In words, such as "decoder's path".
    let label: String
    let values: [Double]
    let bounds: [Double]
    /// Coefficients that mean something, each with its id and what to say.
    let meanings: [(coefficient: Double, id: String, sentence: String)]
    /// Id and words for any other coefficient; nil if no other makes sense.
    let other: ((Double) -> (id: String, sentence: String))?
    /// Any multiple of it makes sense, beside another signature too.
    var isFree = false

    func told(_ c: Double, _ sentence: String) -> String { "\(number(c)) x \(label): \(sentence)" }
  }

  private func signatures(
    _ tensor: TensorResult, _ group: TieGroup?, weights: [Double]?
  ) -> [Signature] {
    let name = tensor.name
    var signatures: [Signature] = []
    let layerUses = group?.uses.count { $0.isLossTerm != true } ?? 0
    for (path, use) in zip(group?.measured ?? [], group?.uses ?? []) {
      if use.isLossTerm == true {
        signatures.append(lossTerm(path, of: name, uses: layerUses))
        continue
      }
      signatures.append(
        Signature(
          label: "\(path.name)'s path", values: path.numeric, bounds: path.bounds,
          meanings: [
            (
              -1, "missing-path",
              "the contribution of \(path.name) is missing from the gradient of \(name)"
            ),
            (1, "doubled-path", "the contribution of \(path.name) to \(name) is counted twice"),
          ],
          other: {
            (
              "scaled-path",
              "the contribution of \(path.name) to \(name) is multiplied by \(number(1 + $0))"
            )
          }))
      if use.transposed, tensor.shape.count == 2, tensor.shape[0] == tensor.shape[1] {
        let n = tensor.shape[0]
        let turned = transposed(path.numeric, rows: n, columns: n)
        let turnedBounds = transposed(path.bounds, rows: n, columns: n)
        signatures.append(
          Signature(
            label: "(\(path.name)'s path turned - as it should be)",
            values: zip(turned, path.numeric).map { $0 - $1 },
            bounds: zip(turnedBounds, path.bounds).map { $0 + $1 },
            meanings: [
              (
                1, "untransposed",
                "the contribution of \(path.name) is added to \(name) without transposing it"
              )
            ],
            other: nil))
      }
    }
    let layerPaths = zip(group?.measured ?? [], group?.uses ?? []).filter {
      $0.1.isLossTerm != true
    }.map(\.0)
    // With two uses, one path alone is the other one missing.
    for path in layerPaths where layerPaths.count > 2 {
      let others = layerPaths.map(\.name).filter { $0 != path.name }.joined(separator: ", ")
      signatures.append(
        Signature(
          label: "the gradient without \(path.name)'s path",
          values: zip(tensor.numeric, path.numeric).map { $0 - $1 },
          bounds: zip(tensor.bounds, path.bounds).map { $0 + $1 },
          meanings: [
            (
              -1, "missing-path",
              "of the contributions to \(name) only that of \(path.name) is left; missing are those "
                + "of \(others)"
            )
          ], other: nil))
    }
    var meanings = [
      (-1.0, "zero-gradient", "the claimed gradient of \(name) is zero"),
      (1.0, "doubled", "the gradient of \(name) is counted twice"),
    ]
    if layerUses > 1 {
      let uses = layerUses
      meanings.append(
        (
          1 / Double(uses) - 1, "averaged",
          "the contributions to \(name) are averaged over its \(uses) uses instead of added"
        ))
    }
    if let batch, batch > 2 {
      meanings += [
        (
          Double(batch) - 1, "sum-for-mean",
          "the gradient of \(name) is a sum over the \(batch) samples where the loss is a mean"
        ),
        (
          1 / Double(batch) - 1, "mean-twice",
          "the gradient of \(name) is divided by the \(batch) samples once too often"
        ),
      ]
    }
    signatures.append(
      Signature(
        label: "the gradient", values: tensor.numeric, bounds: tensor.bounds, meanings: meanings,
        other: {
          ("scaled", "the claimed gradient of \(name) is the true one times \(number(1 + $0))")
        }))
    let hasTerm = group?.uses.contains { $0.isLossTerm == true } ?? false
    if let weights, tensor.shape.count == 2, !hasTerm {
      signatures.append(
        Signature(
          label: "\(name) itself", values: weights, bounds: weights.map { _ in 0 }, meanings: [],
          other: {
            (
              "stray-weight-term",
              "the gradient of \(name) holds \(number($0)) x \(name) itself: a decay or regulariser "
                + "that the loss does not have, or has once less"
            )
          }, isFree: true))
    }
    return signatures
  }

  /// A term of the loss that reads the parameter: once, however often it is used.
  private func lossTerm(_ path: TensorResult, of name: String, uses: Int) -> Signature {
    var meanings = [
      (-1.0, "regulariser-missing", "the gradient of \(name) leaves \(path.name) out")
    ]
    if uses > 1 {
      meanings.append(
        (
          Double(uses - 1), "regulariser-per-use",
          "the gradient of \(name) holds \(path.name) \(uses) times, once for each use, and the loss "
            + "holds it once"
        ))
    }
    return Signature(
      label: path.name, values: path.numeric, bounds: path.bounds, meanings: meanings,
      other: {
        (
          "regulariser-scaled",
          "the gradient of \(name) holds \(number(1 + $0)) times \(path.name)"
        )
      }, isFree: true)
  }

  // MARK: Fits

  private struct Fit {
    let coefficients: [Double]
    let errors: [Double]
  }

  private struct Name {
    let id: String
    let sentence: String
    let coefficient: Double
    let error: Double
  }

  private func explain(
    _ tensor: TensorResult, _ signatures: [Signature], samples: () throws -> SampleEvidence?,
    lastUses: () throws -> [Double]?
  ) rethrows -> [Diagnosis] {
    let residual = tensor.residual
    let singles = signatures.compactMap { signature in
      fit(residual, tensor.bounds, [signature]).map { (signature, $0) }
    }
    // One signature whose coefficient means something.
    let meant = singles.compactMap { meaning($0.1.coefficients[0], $0.1.errors[0], of: $0.0) }
    if !meant.isEmpty { return [name(meant, tensor)] }
    // One with any coefficient. It has a parameter to spend: it must explain enough numbers.
    let scaled = singles.compactMap { signature, fit -> Name? in
      let c = fit.coefficients[0]
      let told = signature.values.indices.count {
        abs(c * signature.values[$0]) > 10 * (tensor.bounds[$0] + abs(c) * signature.bounds[$0])
      }
      guard told >= 4, fit.errors[0] < 0.01 * abs(c), let other = signature.other else {
        return nil
      }
      let (id, sentence) = other(c)
      return Name(
        id: id, sentence: signature.told(c, sentence), coefficient: c, error: fit.errors[0])
    }
    if !scaled.isEmpty { return [name(scaled, tensor)] }
    // Two at once, both with a meaning (a stray weight term has one whatever its size).
    var pairs: [[Name]] = []
    for i in signatures.indices {
      for j in signatures.indices where j > i && residual.count >= 4 {
        guard let fit = fit(residual, tensor.bounds, [signatures[i], signatures[j]]) else {
          continue
        }
        let names = zip([i, j], zip(fit.coefficients, fit.errors)).compactMap { s, fitted in
          let (c, error) = fitted
          return meaning(c, error, of: signatures[s])
            ?? (signatures[s].isFree && error < 0.01 * abs(c)
              ? signatures[s].other.map {
                Name(
                  id: $0(c).id, sentence: signatures[s].told(c, $0(c).sentence), coefficient: c,
                  error: error)
              } : nil)
        }
        if names.count == 2 { pairs.append(names) }
      }
    }
    if pairs.count == 1 { return pairs[0].map { diagnosis($0, tensor) } }
    if let last = try lastUses(), let name = immediateOnly(last, tensor) {
      return [diagnosis(name, tensor)]
    }
    return [
      unexplained(tensor, residual, bySample: try samples()?.sentence(residual))
    ]
  }

  /// The claim holds, of each sample, what it contributes through its last use only.
  private func immediateOnly(_ last: [Double], _ tensor: TensorResult) -> Name? {
    let signature = Signature(
      label: "all but the last step of each sample",
      values: zip(tensor.numeric, last).map { $0 - $1 },
      // The samples were measured with the steps of the whole, one by one.
      bounds: tensor.bounds.map { 4 * $0 },
      meanings: [
        (
          -1, "immediate-only",
          "of the contributions to \(tensor.name) over time only the last step of each sample is left: "
            + "the recursion is missing"
        )
      ], other: nil)
    return fit(tensor.residual, tensor.bounds, [signature]).flatMap {
      meaning($0.coefficients[0], $0.errors[0], of: signature)
    }
  }

  /// The meaning of a coefficient, if it has one; all of them if it has several.
  private func meaning(_ c: Double, _ error: Double, of signature: Signature) -> Name? {
    let near = signature.meanings.filter { abs(c - $0.coefficient) <= max(5 * error, 1e-6) }
    guard !near.isEmpty, error < 0.05 else { return nil }
    return Name(
      // The mean over five uses is the mean over five samples.
      id: near.count == 1 ? near[0].id : "ambiguous",
      sentence: near.map { signature.told(c, $0.sentence) }.joined(separator: "; or "),
      coefficient: c, error: error)
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
      coefficientError: name.error, explained: true,
      sentence: name.sentence)
  }

  /// The multiples of the signatures that fit, if what they leave lies within the bounds everywhere.
  private func fit(_ residual: [Double], _ bounds: [Double], _ signatures: [Signature]) -> Fit? {
    let floor = rootMeanSquare(residual) * 1e-13
    guard floor > 0, floor.isFinite,
      signatures.allSatisfy({ $0.values.count == residual.count && $0.values.contains { $0 != 0 } })
    else { return nil }
    var deviations = bounds
    for i in deviations.indices {
      deviations[i] += floor + signatures.reduce(0) { $0 + $1.bounds[i] }
    }
    guard
      let fit = try? leastSquares(
        columns: signatures.map(\.values), observations: residual, deviations: deviations)
    else { return nil }
    for i in residual.indices {
      var (left, allowed) = (residual[i], bounds[i] + floor)
      for (c, signature) in zip(fit.coefficients, signatures) {
        left -= c * signature.values[i]
        allowed += abs(c) * signature.bounds[i]
      }
      guard abs(left) <= allowed else { return nil }
    }
    return Fit(
      coefficients: fit.coefficients,
      errors: fit.coefficients.indices.map { fit.covariance[$0][$0].squareRoot() })
  }

  // MARK: Nothing fits

  /// The evidence for a person to go on: which rows and columns, and whether one sample or one unit
  /// could be behind it (rank 1).
  private func unexplained(
    _ tensor: TensorResult, _ residual: [Double], bySample: String?
  ) -> Diagnosis {
    let wrong = tensor.entries.indices.filter { tensor.entries[$0].verdict == .fail }
    var evidence = "\(wrong.count) of \(tensor.counts.total) entries are wrong"
    if tensor.shape.count == 2 {
      let columns = tensor.shape[1]
      let rowsHit = Set(wrong.map { $0 / columns })
      let columnsHit = Set(wrong.map { $0 % columns })
      if wrong.count == 1 {
        evidence = "one entry is wrong, at \(tensor.entries[wrong[0]].index)"
      } else if rowsHit.count == 1 {
        evidence += ", all in row \(rowsHit.first!)"
      } else if columnsHit.count == 1 {
        evidence += ", all in column \(columnsHit.first!): one unit"
      } else if rowsHit.count < tensor.shape[0] {
        evidence += ", in rows \(rowsHit.sorted().map(String.init).joined(separator: ", "))"
      } else if columnsHit.count < columns {
        evidence += ", in columns \(columnsHit.sorted().map(String.init).joined(separator: ", "))"
      }
      let noise = euclideanNorm(tensor.bounds)
      if wrong.count > 1, let rank = try? numericalRank(residual, columns: columns, noise: noise) {
        evidence += "; the error has rank \(rank)"
        if rank == 1 { evidence += ", which hints at one sample or one unit" }
      }
    } else if wrong.count < tensor.counts.total {
      evidence += ", at \(wrong.prefix(8).map(String.init).joined(separator: ", "))"
    }
    let ratios = wrong.compactMap { i -> Double? in
      let entry = tensor.entries[i]
      return entry.numeric == 0 ? nil : entry.analytic / entry.numeric
    }
    if ratios.count > 1, let first = ratios.first,
      ratios.allSatisfy({ abs($0 - first) <= 1e-4 * abs(first) })
    {
      evidence += "; each of them is the true value times \(number(first))"
    }
    if let bySample { evidence += "; \(bySample)" }
    return Diagnosis(
      id: "unexplained", parameter: tensor.name, coefficient: 0, coefficientError: 0,
      explained: false,
      sentence: "the error in \(tensor.name) has no known signature: \(evidence)")
  }
}

func number(_ value: Double) -> String { String(format: "%.4f", value) }

/// A number of any size, such as a difference.
func size(_ value: Double) -> String { String(format: "%.3g", value) }
