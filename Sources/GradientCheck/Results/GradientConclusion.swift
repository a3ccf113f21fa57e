import Foundation

/// The verdict on a whole gradient, from what both points showed.
struct GradientConclusion {
  let verdict: Verdict
  /// Why, where the verdict does not follow from the entries.
  let reason: String?

  /// - Parameters:
  ///   - tensors: the first point's, and the scale of the whole gradient there.
  ///   - second: nil where no second point was looked at.
  init(_ tensors: [TensorResult], wholeScale: Double, _ second: SecondPointResult?) {
    let first = Verdict.overall(tensors.map(\.verdict))
    let passed = Set(tensors.filter { $0.verdict != .fail }.map(\.name))
    let contradicted = (second?.parameters ?? []).filter {
      $0.verdict == .fail && passed.contains($0.name)
    }
    if !contradicted.isEmpty {
      verdict = .fail
      reason = Self.contradiction(contradicted)
    } else if wholeScale == 0, first != .fail, first != .inconclusive {
      (verdict, reason) = Self.zero(second)
    } else {
      (verdict, reason) = (first, nil)
    }
  }

  private static let place = "at a second point, where every number is moved by about a thousandth"

  private static func contradiction(_ tensors: [SecondPointResult.Tensor]) -> String {
    let names = list(tensors.map(\.name))
    let worst = tensors[0]
    let seen =
      worst.reason.map { ": \($0)" }
      ?? String(
        format: ": along a random direction %.6g is claimed, and %.6g was measured", worst.claimed,
        worst.measured)
    return
      "\(place), the claimed gradient of \(names) is wrong, and at the described point it is not"
      + "\(seen). Either the gradient is right at the described point only, or the gradient or the loss "
      + "keeps something that was computed at another point"
  }

  /// The whole gradient is zero at the first point.
  private static func zero(_ second: SecondPointResult?) -> (Verdict, String) {
    let zero = "the whole gradient is zero at this point"
    if let second, second.verdict == .pass, !second.told.isEmpty {
      return (
        .pass,
        "\(zero); \(place), it is not, and there the claimed and the measured gradient agree"
      )
    }
    let also = second?.verdict == .pass ? ", and at a second point close to it" : ""
    return (
      .vacuous,
      "\(zero)\(also): a missing, doubled or transposed contribution would be zero as well. Try "
        + "another seed, or values of another scale."
    )
  }

  private static func list(_ names: [String]) -> String {
    names.count < 2
      ? names.joined()
      : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
  }
}
