import ArgumentParser
import Calibration
import Foundation

/// `tiecheck calibrate`.
struct CalibrateCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measure the checker itself on random networks.",
    discussion: """
      Random networks, right and with errors of known size, are checked by tiecheck's rule and by \
      classical ones; true derivatives come from the complex step. The table is the same for the same \
      arguments. The status is 1 if our rule called a right gradient wrong, or accepted an error of \
      ten tolerances in a network whose input and kernels are near 1.
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Entries for each kind in each precision, at least (default: 10000).", valueName: "n"),
    transform: OptionValue.positive)
  var entries: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of the random networks (default: 1).", valueName: "n"),
    transform: OptionValue.seed)
  var seed: UInt64?

  @Option(help: "The arithmetic of the networks.")
  var precision: PrecisionChoice = .double

  @Option(help: "What the networks are made of.")
  var kind: KindChoice = .all

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The tolerance (default: 1e-6, in Float 1e-2).", valueName: "x"),
    transform: OptionValue.fraction)
  var rtol: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also check so many networks 784-128-784 by directions (default: none).", valueName: "n"),
    transform: OptionValue.positive)
  var large: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many networks, or bugs, of the kinds autoencoders, corners, scales and bugs (default: 30).",
      valueName: "n"),
    transform: OptionValue.positive)
  var networks: Int?

  @OptionGroup var output: OutputOptions

  enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable { case double, float, all }
  enum KindChoice: String, ExpressibleByArgument, CaseIterable {
    case smooth, relu, all, autoencoders, corners, scales, bugs
  }

  private var plan: CalibrationPlan {
    CalibrationPlan(
      kinds: kind == .all
        ? CalibrationPlan.Kind.allCases
        : CalibrationPlan.Kind(rawValue: kind.rawValue).map { [$0] } ?? [],
      precisions: CalibrationPlan.Precision(rawValue: precision.rawValue).map { [$0] }
        ?? CalibrationPlan.Precision.allCases,
      entries: entries ?? 10_000, seed: seed ?? CheckSettings.defaultSeed, rtol: rtol,
      largeNetworks: large ?? 0,
      studies: CaseStudy(rawValue: kind.rawValue).map { [$0] } ?? [], networks: networks ?? 30,
      bugs: kind == .bugs ? networks ?? 30 : 0)
  }

  func execute() throws -> ExitStatus {
    let line = ProgressLine("calibrate", isShown: !output.quiet)
    defer { line.clear() }
    let result = try CalibrationRun.run(plan) { line.show($0, of: $1) }
    line.clear()
    let table = CalibrationTable(result)
    switch output.format ?? .text {
    case .text: try output.write(Data(table.text.utf8))
    case .markdown: try output.write(Data(table.markdown.utf8))
    case .json: try output.write(try result.json())
    }
    return result.isSound ? .success : .failed
  }
}
