import ArgumentParser
import GradientCheck
import ModelPipe

/// The options that say how a model is checked, whatever the model is. `check`, `report` and `verify`
/// share them.
struct CheckingOptions: RepeatableOptions {
  @Option(
    help: ArgumentHelp(
      "Whose losses a model in Float is measured by: those of the same model in Double where they can be "
        + "had ('auto', the default), those in Double and no others, or the model's own."))
  var witness: PipeWitness?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random (default: 1).", valueName: "n"),
    transform: OptionValue.seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The relative difference that is still accepted (default: 1e-6; 1e-2 in Float, 1e-4 with a "
        + "Double witness)."),
    transform: OptionValue.fraction)
  var rtol: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The probability that noise alone exceeds its bound anywhere in the gradient (default: 0.01)."
    ),
    transform: OptionValue.fraction)
  var alpha: Double?

  @Option(help: "How derivatives are measured (default: five-point).")
  var estimator: Estimator?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check each parameter along this many random directions; 0 for every entry (default: by "
        + "size).", valueName: "n"),
    transform: OptionValue.directions)
  var directions: Int?

  @Flag(
    help: ArgumentHelp(
      "Also check that the claimed gradient's own derivatives are symmetric: whether it is the "
        + "gradient of anything."))
  var secondOrder = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Training steps compared with the reference (default: 5).", valueName: "n"),
    transform: OptionValue.steps)
  var steps: Int?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Also measure the gradient at a second point, where every number is moved by about a thousandth "
        + "(default: --second-point)."))
  var secondPoint: Bool?

  /// What the checkers are asked.
  /// - Parameter tolerance: the relative difference that is accepted unless the user says otherwise.
  func checkOptions(tolerance: Double) -> CheckOptions {
    var options = CheckOptions(
      rtol: rtol ?? tolerance, seed: seed ?? CheckSettings.defaultSeed, directions: directions)
    if let alpha { options.alpha = alpha }
    if let estimator { options.estimator = estimator }
    if let secondPoint { options.secondPoint = secondPoint }
    return options
  }
}

extension PipeWitness: ExpressibleByArgument, TypedText {}
