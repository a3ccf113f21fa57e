import Foundation
import GradientCheck

/// How a model is checked, whatever the model is.
struct CheckSettings {
  static let defaultSeed: UInt64 = 1

  var options = CheckOptions(seed: defaultSeed)
  var subjects = UpdateSubject.standard
  var steps = 5
  var precision = Precision.double
  var witness = WitnessPrecision.own
  var checksSymmetry = false

  /// Checks a model, with its progress on a terminal's standard error, on every core. Interrupted,
  /// it gives what was finished, marked as unfinished.
  func run(
    _ model: PreparedModel, _ output: OutputOptions, expected: Verdict = .pass,
    interrupt: Interrupt
  ) throws -> CaseResult {
    let workers = ProcessInfo.processInfo.activeProcessorCount
    let estimate = try WorkEstimate(
      model.makeObjective(precision, witness: witness), directions: options.directions,
      workers: workers)
    try estimate.require(for: model.name)
    if estimate.total > WorkEstimate.worthSaying, !output.quiet {
      Console.current.say("\(model.name): \(estimate.text). Ctrl-C stops it.")
    }
    let line = ProgressLine(model.name, isShown: !output.quiet)
    defer { line.clear() }
    let progress = CheckProgress { line.show($0, of: $1) }
    interrupt.watch(progress.cancel)
    var options = options
    options.progress = progress
    return try model.checkCase(self, expected: expected)
      .run(options, workers: workers)
  }
}
