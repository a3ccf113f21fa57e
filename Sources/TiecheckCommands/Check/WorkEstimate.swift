import Foundation
import GradientCheck
import TiedLayers

/// About how long a check takes, known before it begins: how often the loss is evaluated, times how long one
/// evaluation takes.
struct WorkEstimate {
  let evaluations: Double
  /// Of one evaluation.
  let seconds: Double
  let workers: Int

  /// The most seconds that are begun: a day.
  static let limit = 24.0 * 3600
  /// Above this many seconds the user is told before.
  static let worthSaying = 20.0

  init(evaluations: Double, seconds: Double, workers: Int) {
    self.evaluations = evaluations
    self.seconds = seconds
    self.workers = workers
  }

  /// Evaluates the loss once, or a few times where that is quick.
  /// - Parameter directions: as the check is asked; nil where it chooses by size.
  init(_ objective: any SummarizedObjective, directions: Int?, workers: Int) throws {
    let sizes = objective.parameters.map { Double($0.flat.count) }
    let entries = sizes.reduce(0, +)
    let isEntrywise =
      directions == 0 || directions == nil && entries <= Double(GradientChecker.largestEntrywise)
    // Four evaluations for each entry, and about one more for those that are looked at twice.
    var evaluations = 5 * entries
    if isEntrywise {
      let uses = Dictionary(grouping: objective.uses, by: \.parameter).mapValues(\.count)
      for (parameter, count) in uses where count > 1 {
        evaluations += 5 * sizes[parameter] * Double(count)
      }
    } else {
      evaluations = 5 * Double(max(directions ?? 4, 1)) * Double(sizes.count + objective.uses.count)
    }
    self.init(
      evaluations: evaluations, seconds: try Self.secondsOfOne(objective), workers: workers)
  }

  private static func secondsOfOne(_ objective: any SummarizedObjective) throws -> Double {
    var best = Double.infinity
    for _ in 0..<3 where best > 0.001 {
      let start = ContinuousClock.now
      _ = try objective.value()
      let passed = (ContinuousClock.now - start).components
      best = min(best, Double(passed.seconds) + Double(passed.attoseconds) * 1e-18)
    }
    return best
  }

  var total: Double { evaluations * seconds / Double(max(workers, 1)) }

  /// "about 12 min: 4e+04 evaluations of the loss, 0.02 s each".
  var text: String {
    let duration =
      if total < 120 {
        String(format: "%.0f s", total)
      } else if total < 7200 {
        String(format: "%.0f min", total / 60)
      } else {
        String(format: "%.0f hours", total / 3600)
      }
    return "about \(duration): \(String(format: "%.2g", evaluations)) evaluations of the loss, "
      + "\(String(format: "%.2g", seconds)) s each"
  }

  /// - Throws: `CommandError` for a check that would take more than a day.
  func require(for name: String) throws {
    guard total <= Self.limit else {
      throw CommandError(
        .usage,
        "\(name) would take \(text); the limit is a day. Check along random directions (--directions 4), "
          + "or ask for fewer features, narrower layers, fewer uses or a smaller batch.")
    }
  }
}
