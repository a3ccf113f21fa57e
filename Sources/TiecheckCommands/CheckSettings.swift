import GradientCheck

/// How a model is checked, whatever the model is.
struct CheckSettings {
  static let defaultSeed: UInt64 = 1

  var options = CheckOptions(seed: defaultSeed)
  var subjects = UpdateSubject.standard
  var steps = 5

  /// Checks a model, with its progress on a terminal's standard error.
  func run(_ model: PreparedModel, _ output: OutputOptions) throws -> CaseResult {
    let progress = ProgressLine(model.name, isShown: !output.quiet)
    defer { progress.clear() }
    var options = options
    options.progress = Progress { progress.show($0, of: $1) }
    return try model.checkCase(self).run(options)
  }
}
