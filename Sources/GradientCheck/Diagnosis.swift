import Foundation
import GSLKit
import TiedLayers

/// The name of a bug, read off the residual.
public struct Diagnosis: Codable, Equatable, Sendable {
  /// What is wrong, such as "missing-path", or "unexplained".
  public let id: String
  public let parameter: String
  /// The fitted multiple of the signature, and its error.
  public let coefficient: Double
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

/// Explains the residual R = claimed - measured of a failing parameter by signatures that the witness
/// measured at the same point: R = c S within the error bounds.
///
/// The simplest hypothesis is named, and only if it leaves nothing over. A wrong name is worse than
/// none.
public struct Diagnostician {
  public init() {}

  /// One diagnosis for each failing parameter.
  public func diagnose(gradient: GradientResult, tie: TieResult) -> [Diagnosis] {
    gradient.parameters.filter { $0.verdict == .fail && $0.reason == nil }.map { tensor in
      let group = tie.groups.first { $0.parameter == tensor.name }
      return diagnose(tensor, signatures: signatures(tensor, group))
    }
  }

  /// Something measured that a residual may be a multiple of.
  private struct Signature {
    let values: [Double]
    let bounds: [Double]
    /// The id and the sentence that belong to a coefficient.
    let name:
      (_ coefficient: Double, _ text: String, _ isAbout: (Double) -> Bool) -> (
        id: String, sentence: String
      )
  }

  private func signatures(_ tensor: TensorResult, _ group: TieGroup?) -> [Signature] {
    var signatures: [Signature] = (group?.measured ?? []).map { path in
      Signature(values: path.numeric, bounds: path.bounds) { c, text, isAbout in
        let whose = "\(path.name)'s path"
        if isAbout(-1) {
          return (
            "missing-path",
            "the residual is \(text) x \(whose): the contribution of \(path.name) is missing from "
              + "the gradient of \(tensor.name)"
          )
        }
        if isAbout(1) {
          return ("doubled-path", "the residual is \(text) x \(whose): it is counted twice")
        }
        return (
          "scaled-path",
          "the residual is \(text) x \(whose): that contribution is scaled by "
            + number(1 + c)
        )
      }
    }
    signatures.append(
      Signature(values: tensor.numeric, bounds: tensor.bounds) { c, text, isAbout in
        if isAbout(-1) {
          return ("zero-gradient", "the claimed gradient of \(tensor.name) is zero")
        }
        if isAbout(1) {
          return ("doubled", "the residual is \(text) x the gradient: it is counted twice")
        }
        if isAbout(-0.5) {
          return ("averaged", "the residual is \(text) x the gradient: the paths are averaged")
        }
        return ("scaled", "the claimed gradient is the true one times \(number(1 + c))")
      })
    return signatures
  }

  private func diagnose(_ tensor: TensorResult, signatures: [Signature]) -> Diagnosis {
    let residual = tensor.residual
    var best: Diagnosis?
    var ambiguous: [String] = []
    for signature in signatures {
      guard let fit = fit(residual, tensor.bounds, signature) else { continue }
      let text = number(fit.coefficient)
      let (id, sentence) = signature.name(fit.coefficient, text) { value in
        abs(fit.coefficient - value) <= max(5 * fit.error, 1e-6)
      }
      // One number is some multiple of any other: only a telling multiple is evidence then.
      if fit.witnesses < 2 && (id == "scaled" || id == "scaled-path") { continue }
      if best == nil {
        best = Diagnosis(
          id: id, parameter: tensor.name, coefficient: fit.coefficient,
          coefficientError: fit.error, explained: true, sentence: sentence)
      } else {
        ambiguous.append(sentence)
      }
    }
    if let best, !ambiguous.isEmpty {
      return Diagnosis(
        id: "ambiguous", parameter: best.parameter, coefficient: best.coefficient,
        coefficientError: best.coefficientError, explained: true,
        sentence: ([best.sentence] + ambiguous).joined(separator: "; or ")
          + ". At this point the two cannot be told apart")
    }
    return best
      ?? Diagnosis(
        id: "unexplained", parameter: tensor.name, coefficient: 0, coefficientError: 0,
        explained: false,
        sentence:
          "the error in \(tensor.name) is no multiple of any path: \(tensor.counts.fail) of "
          + "\(tensor.counts.total) entries are wrong")
  }

  /// The multiple of the signature that fits, if what it leaves lies within the bounds everywhere and
  /// the multiple is known well enough to be named; and how many entries speak for it.
  private func fit(_ residual: [Double], _ bounds: [Double], _ signature: Signature) -> (
    coefficient: Double, error: Double, witnesses: Int
  )? {
    let floor = euclideanNorm(residual) * 1e-14
    guard residual.allSatisfy(\.isFinite), signature.values.allSatisfy(\.isFinite),
      signature.values.contains(where: { $0 != 0 }), floor > 0
    else { return nil }
    let deviations = zip(bounds, signature.bounds).map { $0 + $1 + floor }
    guard
      let fit = try? leastSquares(
        columns: [signature.values], observations: residual, deviations: deviations)
    else { return nil }
    let c = fit.coefficients[0]
    let error = fit.covariance[0][0].squareRoot()
    guard error <= 0.05 * max(1, abs(c)) else { return nil }
    var witnesses = 0
    for i in residual.indices {
      let allowed = bounds[i] + abs(c) * signature.bounds[i] + floor
      guard abs(residual[i] - c * signature.values[i]) <= allowed else { return nil }
      if abs(c * signature.values[i]) > 2 * allowed { witnesses += 1 }
    }
    return (c, error, witnesses)
  }

  private func number(_ value: Double) -> String { String(format: "%.4f", value) }
}
