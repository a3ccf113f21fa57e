import Foundation
import GSLKit
import TiedLayers

/// Numbers behind a verdict, for a person to look at: what a report plots.
package struct Evidence: Codable, Sendable {
  /// One entry measured with many steps.
  package struct StepSweep: Codable, Sendable {
    package let parameter: String
    package let index: [Int]
    /// The claimed derivative.
    package let analytic: Double
    /// The step that the check used for this entry.
    package let chosenStep: Double
    package let points: [StepPoint]

    enum CodingKeys: String, CodingKey {
      case parameter, index, analytic, points
      case chosenStep = "chosen_step"
    }
  }

  package struct StepPoint: Codable, Sendable {
    package let step: Double
    /// |(f(x + h) - f(x - h)) / 2h - claimed|, the difference quotient every course begins with.
    package let centralError: Double
    /// |D - claimed| of the five-point rule, and its bound E.
    package let fivePointError: Double
    package let bound: Double
    /// |f(x + h) - f(x - h) - 2 h claimed|: falls as h^3 for a right claim and as h for a wrong one.
    package let remainder: Double
    /// The same for a claim that is a thousandth off.
    package let remainderOfWrongClaim: Double

    enum CodingKeys: String, CodingKey {
      case step, bound, remainder
      case remainderOfWrongClaim = "remainder_of_wrong_claim"
      case centralError = "central_error"
      case fivePointError = "five_point_error"
    }
  }

  /// (claimed - measured) / bound, entry by entry, for one kernel.
  package struct ResidualMap: Codable, Sendable {
    package let parameter: String
    package let ratios: [[Double]]
    /// How the kernel is drawn, where it is more than a matrix.
    package let images: KernelImages?

    enum CodingKeys: String, CodingKey {
      case parameter, ratios
      case images = "kernel_images"
    }
  }

  /// How many entries have |claimed - measured| / bound in each bin.
  package struct RatioHistogram: Codable, Sendable {
    /// One more than there are counts. The first bin also holds everything below it, the last
    /// everything above.
    package let edges: [Double]
    package let counts: [Int]
  }

  /// A corner of the loss that lay within a step.
  package struct Corner: Codable, Sendable {
    package let parameter: String
    package let index: [Int]
    /// Its distance from the entry's value, and by how much the slope jumps there.
    package let offset: Double
    package let jump: Double
    /// The step that saw it, and the one that the verdict was reached with.
    package let step: Double
    package let finalStep: Double

    enum CodingKeys: String, CodingKey {
      case parameter, index, offset, jump, step
      case finalStep = "final_step"
    }
  }

  package let sweeps: [StepSweep]
  /// nil where no entry was measured by itself.
  package let ratios: RatioHistogram?
  package let corners: [Corner]
  package let residuals: [ResidualMap]

  /// - Parameter objective: at the point where `gradient` was measured.
  init(_ objective: any PathObjective, _ gradient: GradientResult, _ options: CheckOptions) throws {
    // Where directions were checked there are no entries to show.
    let kernels = gradient.parameters.indices.filter { p in
      gradient.parameters[p].shape.count == 2 && !gradient.parameters[p].entries.isEmpty
    }
    residuals = kernels.filter { gradient.parameters[$0].reason == nil }.map { p in
      let tensor = gradient.parameters[p]
      let columns = tensor.shape[1]
      return ResidualMap(
        parameter: tensor.name,
        ratios: (0..<tensor.shape[0]).map { i in
          tensor.entries[(i * columns)..<((i + 1) * columns)].map { entry in
            (entry.analytic - entry.numeric) / entry.bound
          }
        }, images: objective.images(of: p))
    }
    let entries = gradient.parameters.filter { $0.reason == nil }.flatMap(\.entries)
    ratios = entries.isEmpty ? nil : Self.histogram(entries)
    corners = gradient.parameters.flatMap { tensor in
      tensor.corners.map { corner in
        Corner(
          parameter: tensor.name, index: tensor.entries[corner.entry].index,
          offset: corner.kink.offset, jump: corner.kink.jump, step: corner.step,
          finalStep: tensor.entries[corner.entry].step)
      }
    }
    let witness = Witness(
      value: gradient.value, sigma: gradient.noise,
      z: Witness.quantile(alpha: options.alpha, entries: gradient.entries.total),
      estimator: .fivePoint)
    sweeps = try kernels.prefix(1).compactMap { p in
      let tensor = gradient.parameters[p]
      guard tensor.reason == nil, let entry = Self.typicalEntry(tensor) else { return nil }
      let parameter = objective.parameters[p]
      let task = TensorTask(parameter, claimed: nil) { entry, point in
        try objective.value(changing: parameter, entry: entry, to: point)
      }
      let claimed = tensor.entries[entry].analytic
      let scale = tensorScale(task.values)
      // A twentieth of a decade off round numbers: steps that are powers of ten or two are luckier
      // than others.
      let points = try stride(from: -12.0, through: -0.5, by: 0.25).map { exponent in
        let points = try witness.fivePoint(
          task.probe(entry), step: scale * Foundation.pow(10, exponent + 0.05))
        let rise = points.values[3] - points.values[1]
        let central = rise / (2 * points.step)
        return StepPoint(
          step: points.step, centralError: abs(central - claimed),
          fivePointError: abs(points.value - claimed), bound: points.bound,
          remainder: abs(rise - 2 * points.step * claimed),
          remainderOfWrongClaim: abs(rise - 2 * points.step * claimed * 1.001))
      }
      return StepSweep(
        parameter: tensor.name, index: tensor.entries[entry].index, analytic: claimed,
        chosenStep: tensor.entries[entry].step, points: points)
    }
  }

  /// Four bins to the decade, from 10^-4 to 10.
  private static func histogram(_ entries: [EntryResult]) -> RatioHistogram {
    let edges = (0...20).map { Foundation.pow(10, -4 + Double($0) / 4) }
    var counts = [Int](repeating: 0, count: edges.count - 1)
    for entry in entries {
      let ratio = entry.difference / entry.bound
      guard !ratio.isNaN else { continue }
      let bin = edges.dropFirst().firstIndex { ratio < $0 } ?? edges.count - 1
      counts[min(bin, edges.count - 1) - 1] += 1
    }
    return RatioHistogram(edges: edges, counts: counts)
  }

  /// The entry whose claimed derivative is nearest to the tensor's scale: neither dead nor wild.
  private static func typicalEntry(_ tensor: TensorResult) -> Int? {
    func distance(_ i: Int) -> Double {
      let value = abs(abs(tensor.entries[i].analytic) - tensor.rms)
      return value.isNaN ? .infinity : value
    }
    return tensor.entries.indices.min { distance($0) < distance($1) }
  }
}
