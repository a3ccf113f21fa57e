import Foundation
import GradientCheck

/// The right twins of one model over many seeds: how many pass, and the smallest error that each
/// check would have caught.
package struct RightModelCount: Sendable {
  package let model: String
  package private(set) var checked = 0
  package private(set) var passed = 0
  /// Of those that were not, the seeds.
  package private(set) var others: [UInt64] = []
  /// The worst sensitivity of all the checks: any larger relative error, in whichever entry and on
  /// whichever seed, would not have passed.
  package private(set) var sensitivity = 0.0

  /// - Parameter subjects: how the models are trained.
  package init(
    _ model: GalleryModel, seeds: ClosedRange<UInt64>,
    subjects: [UpdateSubject] = UpdateSubject.standard
  ) throws {
    self.model = model.description
    for seed in seeds {
      let result = try model.checkRight(seed: seed, subjects: subjects)
      checked += 1
      if result.verdict == .pass { passed += 1 } else { others.append(seed) }
      sensitivity = max(sensitivity, result.gradient.sensitivity)
    }
  }

  /// Seeds on which a model did not pass, for a test of the text.
  init(failing model: GalleryModel, seeds: [UInt64]) {
    self.model = model.description
    (checked, others) = (seeds.count, seeds)
  }

  package var isClean: Bool { passed == checked }

  /// A line for each model.
  package static func text(_ rows: [RightModelCount]) -> String {
    let width = max(rows.map(\.model.count).max() ?? 0, 5)
    func line(_ model: String, _ acquitted: String, _ rest: String) -> String {
      model.padded(to: width) + "  " + acquitted.padded(to: 14) + "  " + rest + "\n"
    }
    return line("model", "acquitted", "worst sensitivity")
      + rows.map { row in
        line(
          row.model, "\(row.passed) of \(row.checked)",
          String(format: "%.1e", row.sensitivity)
            + (row.others.isEmpty
              ? "" : "  not: \(row.others.map(String.init).joined(separator: ", "))"))
      }.joined()
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
