import Foundation
import GradientCheck
import Testing

@testable import TiecheckCommands

/// What a command line said and how it ended.
struct CommandLineRun {
  let status: Int32
  let data: Data
  let error: String

  var output: String { String(decoding: data, as: UTF8.self) }
}

/// Runs a command line in-process.
/// - Parameters:
///   - words: separated by spaces.
///   - paths: more arguments, taken as they are.
func tiecheck(
  _ words: String, _ paths: String..., input: String = "", outputTerminal: Bool = false,
  errorTerminal: Bool = false, environment: [String: String] = [:], folder: URL? = nil
) -> CommandLineRun {
  let streams = Streams()
  let console = Console(
    output: { streams.append($0, to: \.output) }, error: { streams.append($0, to: \.error) },
    input: { _ in Data(input.utf8) }, isOutputTerminal: outputTerminal,
    isErrorTerminal: errorTerminal, environment: environment, folder: folder)
  let arguments = words.split(separator: " ").map(String.init) + paths
  let status = Tiecheck.run(arguments, console: console)
  return CommandLineRun(
    status: status, data: streams.output, error: String(decoding: streams.error, as: UTF8.self))
}

final class Streams: @unchecked Sendable {
  private let lock = NSLock()
  var output = Data()
  var error = Data()

  func append(_ data: Data, to stream: ReferenceWritableKeyPath<Streams, Data>) {
    lock.withLock { self[keyPath: stream].append(data) }
  }
}

/// A command line that is refused: nothing on standard output, the status, and a sentence in which
/// each of the words stands.
func expectRefusal(
  _ run: CommandLineRun, _ status: Int32, _ words: [String],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(run.status == status, "\(run.error)", sourceLocation: sourceLocation)
  #expect(run.data.isEmpty, sourceLocation: sourceLocation)
  #expect(run.error.hasPrefix("Error: "), "\(run.error)", sourceLocation: sourceLocation)
  for word in words {
    #expect(run.error.contains(word), "\(run.error)", sourceLocation: sourceLocation)
  }
}

/// A folder of its own, gone when this is.
final class TemporaryFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory.appendingPathComponent(
        "tiecheck-test-\(UUID().uuidString)"
      ).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: self(name), encoding: .utf8)
  }

  /// Everything in it, temporary files included.
  func names(in folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self(folder)).sorted()
  }
}

/// Options of a model that is checked in a blink.
let small = "--features 4 --hidden 2 --batch 3 --optimizers sgd --steps 2"

extension PreparedModel {
  /// The objective of a model in Double.
  func rightObjective() throws -> ChainObjective<Double> {
    try #require(try makeObjective() as? ChainObjective<Double>)
  }
}
