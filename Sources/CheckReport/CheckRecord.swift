import Foundation
import GSLKit
import GradientCheck

/// Everything one run found: plain values made of names and numbers, the same whether the command
/// line, a test or a notebook made them. Renderers turn it into pages; they compute nothing.
public struct CheckRecord: Codable, Sendable {
  public struct Tool: Codable, Equatable, Sendable {
    public let version: String
    public let gsl: String
    public let blas: String
    public let swift: String

    /// This build.
    public static let current = Tool(
      version: "0.1.0", gsl: GSL.version, blas: GSL.blas, swift: swiftVersion)
  }

  public static let currentSchema = "tiecheck-result/1"

  public let schema: String
  public let tool: Tool
  public let seed: UInt64
  /// The command line that makes this record again, without its output option.
  public let command: String
  public let verdict: Verdict
  public let cases: [CaseResult]
  /// Checks that gave no result; nil where there is none.
  public let broken: [BrokenCheck]?
  /// The test that made this record; nil where a command did.
  public let origin: TestOrigin?

  public init(
    seed: UInt64, command: String, cases: [CaseResult], broken: [BrokenCheck] = [],
    origin: TestOrigin? = nil, tool: Tool = .current
  ) {
    schema = Self.currentSchema
    self.tool = tool
    self.seed = seed
    self.command = command
    self.cases = cases
    self.broken = broken.isEmpty ? nil : broken
    self.origin = origin
    // A case that ended as expected counts as passed; one that was expected to fail and did not is
    // a failure.
    verdict = Verdict.overall(
      broken.map { _ in Verdict.fail }
        + cases.map { result in
          if result.isAsExpected { return .pass }
          return result.expected == .fail ? .fail : result.verdict
        })
  }

  // MARK: JSON

  /// The record as JSON: sorted keys, full precision; what JSON has no number for is written as the
  /// strings "nan", "inf" and "-inf".
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Reads what `json()` wrote; keys it does not know are ignored.
  public init(json: Data) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    self = try decoder.decode(CheckRecord.self, from: json)
  }
}

/// The version of the compiler's language that built this.
private var swiftVersion: String {
  #if compiler(>=6.3)
    "6.3"
  #elseif compiler(>=6.2)
    "6.2"
  #else
    "6.1"
  #endif
}
