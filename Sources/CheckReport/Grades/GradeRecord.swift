import Foundation
import GradientCheck

/// Everything one grading run found: plain values. Renderers turn it into what a course's system reads.
package struct GradeRecord: Codable, Equatable, Sendable {
  package static let currentSchema = "tiecheck-grade/1"

  package let schema: String
  package let tool: CheckRecord.Tool
  /// Of the points at which was asked.
  package let seed: UInt64
  /// The command line that makes this record again, without its output options.
  package let command: String
  /// In the order in which they were named.
  package let submissions: [SubmissionGrade]

  package init(
    seed: UInt64, command: String, submissions: [SubmissionGrade],
    tool: CheckRecord.Tool = .current
  ) {
    schema = Self.currentSchema
    self.tool = tool
    self.seed = seed
    self.command = command
    self.submissions = submissions
  }

  /// Pass where every submission has all of its points, inconclusive where one could not be graded and
  /// all others have.
  package var verdict: Verdict {
    Verdict.overall(
      submissions.map { submission in
        if submission.isComplete { return .pass }
        return submission.checks.contains { $0.outcome.isJudged && $0.outcome != .passed }
          ? .fail : .inconclusive
      })
  }

  // MARK: JSON

  package func json() throws -> Data { try GradeJSON.encode(self) }

  package init(json: Data) throws {
    self = try JSONDecoder().decode(GradeRecord.self, from: json)
  }
}

/// What one submission was given.
package struct SubmissionGrade: Codable, Equatable, Sendable {
  package let name: String
  package let checks: [CheckGrade]
  /// What the compiler said of the student's files.
  package let compilerErrors: [CompilerError]
  /// What else should be known: files that were left behind, or missing.
  package let remarks: [String]

  package init(
    name: String, checks: [CheckGrade], compilerErrors: [CompilerError] = [], remarks: [String] = []
  ) {
    self.name = name
    self.checks = checks
    self.compilerErrors = compilerErrors
    self.remarks = remarks
  }

  package var points: Int { checks.reduce(0) { $0 + $1.earned } }
  package var maximum: Int { checks.reduce(0) { $0 + $1.points } }
  package var isComplete: Bool { checks.allSatisfy { $0.outcome == .passed } }

  /// Why it has no or fewer points, in one line; nil where it has all.
  var reason: String? {
    if isComplete { return nil }
    if checks.contains(where: { $0.outcome == .notGraded }) { return "could not be graded" }
    if !toldErrors.isEmpty {
      let files = Set(toldErrors.map(\.file)).sorted()
      return files.joined(separator: ", ")
        + (files.count == 1 ? " does not compile" : " do not compile")
    }
    let lost = checks.filter { $0.outcome != .passed }
    return "\(lost.count) of \(checks.count) checks not passed"
  }

  /// The compiler's errors that a student may read: not those for which a hidden check alone has no points, nor
  /// other ones in an exercise that no check which is shown names.
  var toldErrors: [CompilerError] {
    func files(_ checks: [CheckGrade]) -> Set<String> {
      let sentences = Set(checks.map(\.sentence))
      return Set(compilerErrors.filter { sentences.contains("\($0)") }.map(\.file))
    }
    let hidden = checks.filter(\.isHidden)
    guard !hidden.isEmpty else { return compilerErrors }
    let shown = files(checks.filter { !$0.isHidden })
    let secret = files(hidden)
    return compilerErrors.filter { error in
      shown.contains(error.file)
        || !secret.contains(error.file) && !error.file.hasPrefix("Exercises/")
    }
  }

  enum CodingKeys: String, CodingKey {
    case name, checks, remarks
    case compilerErrors = "compiler_errors"
  }
}

/// What one check gave: its points or none.
package struct CheckGrade: Codable, Equatable, Sendable {
  package enum Outcome: String, Codable, Sendable {
    case passed
    /// Answered, and wrong; or so that nobody could tell.
    case failed
    /// Not answered, or only in part, however the process ended.
    case unanswered
    case notCompiled = "not_compiled"
    /// By no fault of the submission's.
    case notGraded = "not_graded"

    /// The answer was judged; no answer is judged as well.
    package var isJudged: Bool { self != .notGraded }
  }

  /// The exercise's id and title, and the check's name.
  package let exercise: String
  package let title: String
  package let check: String
  package let outcome: Outcome
  /// What it is worth.
  package let points: Int
  /// What was found, in one sentence.
  package let sentence: String
  /// The same with the evidence, in several lines; empty where the sentence says it all.
  package let message: String
  /// Whether the student is to learn no more than the points.
  package let isHidden: Bool

  package init(
    exercise: String, title: String, check: String, outcome: Outcome, points: Int,
    sentence: String, message: String = "", isHidden: Bool = false
  ) {
    self.exercise = exercise
    self.title = title
    self.check = check
    self.outcome = outcome
    self.points = points
    self.sentence = sentence
    self.message = message
    self.isHidden = isHidden
  }

  package var name: String { "\(exercise): \(check)" }
  package var earned: Int { outcome == .passed ? points : 0 }

  /// What a student may read.
  var told: String {
    isHidden
      ? "What this check found is not told." : message.isEmpty ? sentence : message
  }
  var toldSentence: String { isHidden ? "What this check found is not told." : sentence }

  enum CodingKeys: String, CodingKey {
    case exercise, title, check, outcome, points, sentence, message
    case isHidden = "is_hidden"
  }
}

/// An error of the compiler's in a student's file.
package struct CompilerError: Codable, Equatable, Hashable, Sendable, CustomStringConvertible {
  /// Its name, without folders; for a file of the exercises its folder stands before it.
  package let file: String
  package let line: Int
  package let column: Int
  package let message: String

  package init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  package var description: String { harmless("\(file):\(line):\(column): error: \(message)") }
}

/// JSON that is the same to the byte for the same values.
enum GradeJSON {
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }
}
