import ArgumentParser
import Foundation

/// The options that say how a result is written and where. They have no say in what it is.
struct OutputOptions: ParsableArguments {
  @Option(help: "How the result is written on standard output or into a file.")
  var format: OutputFormat?

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("Where it is written; '-' is standard output.", valueName: "path"),
    transform: OptionValue.path)
  var output: String?

  @Flag(help: "Say nothing on standard error unless something is wrong.")
  var quiet = false

  @Flag(help: "No colour, even on a terminal.")
  var noColor = false

  /// Writes text or data where it was asked for; standard output unless `-o` says otherwise.
  func write(_ data: Data) throws {
    if let output, output != "-" {
      try OutputFile.write(data, to: output)
    } else {
      try Console.current.write(data)
    }
  }

  /// Whether text may be coloured.
  var usesColor: Bool {
    !noColor && (output ?? "-") == "-" && Console.current.allowsColor
  }
}
