import GSLKit
import GradientCheck

/// Faults against diagnoses, over seeds and models: what was there, and what it was called.
package struct ConfusionMatrix: Sendable {
  /// One fault.
  package struct Row: Sendable {
    package let fault: String
    package let expected: String
    /// Wrong twins that were checked, and those that the check which must convict them did.
    package fileprivate(set) var checks = 0
    package fileprivate(set) var convictions = 0
    /// How often each diagnosis was given.
    package fileprivate(set) var diagnoses: [String: Int] = [:]
    /// Checks in which a diagnosis other than the expected one was given, or none.
    package fileprivate(set) var misnamed = 0

    init(fault: String, expected: String) {
      self.fault = fault
      self.expected = expected
    }
  }

  package private(set) var rows: [Row] = []
  /// Right twins that were checked, and those that passed.
  package private(set) var rightTwins = 0
  package private(set) var rightPasses = 0

  /// - Parameters:
  ///   - optimizers: how the models are trained; the faults add what they need.
  ///   - told: called after each fault.
  package init(
    _ faults: [any Fault] = FaultCatalogue.all, models: [GalleryModel] = GalleryModel.all,
    seeds: ClosedRange<UInt64>, subjects: [UpdateSubject] = UpdateSubject.standard,
    told: (Int) -> Void = { _ in }
  ) throws {
    for (f, fault) in faults.enumerated() {
      var row = Row(fault: fault.id, expected: fault.diagnosis)
      for model in models {
        for seed in seeds {
          guard let check = try model.check(fault, seed: seed, subjects: subjects) else {
            continue
          }
          row.checks += 1
          if check.verdict == .fail { row.convictions += 1 }
          for name in check.names { row.diagnoses[name, default: 0] += 1 }
          if check.names != [fault.diagnosis] { row.misnamed += 1 }
          rightTwins += 1
          if check.right.verdict == .pass { rightPasses += 1 }
        }
      }
      rows.append(row)
      told(f + 1)
    }
  }

  /// Every diagnosis that was expected or given, the expected ones first, in the order of the rows.
  package var diagnoses: [String] {
    var seen: [String] = []
    for name in rows.map(\.expected) + rows.flatMap({ $0.diagnoses.keys.sorted() })
    where !seen.contains(name) { seen.append(name) }
    return seen
  }

  /// Every wrong twin was convicted and named, every right twin acquitted.
  package var isClean: Bool {
    rightPasses == rightTwins
      && rows.allSatisfy { $0.convictions == $0.checks && $0.misnamed == 0 }
  }

  /// The matrix for a terminal: a numbered column for each diagnosis.
  package var text: String {
    let names = diagnoses
    let width = rows.map(\.fault.count).max() ?? 0
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let cell = max(3, String(rows.map(\.checks).max() ?? 0).count)
    var lines = ["Diagnoses:"]
    lines += names.enumerated().map { "\(right(String($0 + 1), 4))  \($1)" }
    lines += [
      "",
      padded("fault", width) + "  " + right("heard", 5) + "  " + right("convicted", 9) + " "
        + names.indices.map { " " + right(String($0 + 1), cell) }.joined(),
    ]
    for row in rows {
      lines.append(
        padded(row.fault, width) + "  " + right("\(row.checks)", 5) + "  "
          + right("\(row.convictions)", 9) + " "
          + names.map { name in
            " " + right(row.diagnoses[name].map(String.init) ?? ".", cell)
          }.joined())
    }
    let misnamed = rows.reduce(0) { $0 + $1.misnamed }
    lines += [
      "", "Named otherwise than expected, or not at all: \(misnamed).",
      "Right twins acquitted: \(rightPasses) of \(rightTwins).",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
