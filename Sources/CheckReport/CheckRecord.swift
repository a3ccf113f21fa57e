import Foundation
import GSLKit
import GradientCheck

/// Everything one run found: plain values made of names and numbers, the same whether the command
/// line, a test or a notebook made them. Renderers turn it into pages; they compute nothing.
package struct CheckRecord: Codable, Sendable {
  package struct Tool: Codable, Equatable, Sendable {
    package let version: String
    package let gsl: String
    package let blas: String
    package let swift: String

    /// This build.
    package static let current = Tool(
      version: "0.2.0", gsl: GSL.version, blas: GSL.blas, swift: swiftVersion)
  }

  package static let currentSchema = "tiecheck-result/1"

  package let schema: String
  package let tool: Tool
  package let seed: UInt64
  /// The command line that makes this record again, without its output option.
  package let command: String
  package let verdict: Verdict
  package let cases: [CaseResult]
  /// Checks that gave no result; nil where there is none.
  package let broken: [BrokenCheck]?
  /// The test that made this record; nil where a command did.
  package let origin: TestOrigin?

  package init(
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
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Reads what `json()` wrote; keys it does not know are ignored.
  package init(json: Data) throws {
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
