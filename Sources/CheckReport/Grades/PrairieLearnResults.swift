import Foundation

/// One submission as PrairieLearn's results.json (https://docs.prairielearn.com/externalGrading/, "Grading
/// results"). What does not compile is not gradable: it costs no attempt.
package struct PrairieLearnResults: Encodable {
  struct Test: Encodable {
    let name: String
    let description: String
    let points: Double
    let maxPoints: Double
    let message: String
    let output: String

    enum CodingKeys: String, CodingKey {
      case name, description, points, message, output
      case maxPoints = "max_points"
    }
  }

  let gradable: Bool
  /// From 0 to 1; nil where it is not gradable.
  let score: Double?
  let message: String
  let output: String
  let formatErrors: [String]?
  let tests: [Test]?

  enum CodingKeys: String, CodingKey {
    case gradable, score, message, output, tests
    case formatErrors = "format_errors"
  }

  /// The file may have no more than 1 MB; what is longer than its share is cut.
  private static let longest = 10_000

  /// By scalars: a character may be as long as it likes.
  private static func cut(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest)))
  }

  package init(_ submission: SubmissionGrade) {
    let outcomes = submission.checks.map(\.outcome)
    let isUngraded = outcomes.contains(.notGraded)
    let compilesNowhere = !outcomes.isEmpty && outcomes.allSatisfy { $0 == .notCompiled }
    gradable = !isUngraded && !compilesNowhere
    message =
      "\(submission.points) of \(submission.maximum) points"
      + (submission.reason.map { ": \($0)" } ?? "")
    output = Self.cut(GradeText.preamble(submission).joined(separator: "\n"))
    guard gradable else {
      (score, tests) = (nil, nil)
      formatErrors =
        submission.toldErrors.isEmpty
        ? [submission.checks.first { $0.outcome != .passed }?.toldSentence ?? message]
        : submission.toldErrors.prefix(20).map(\.description)
      return
    }
    formatErrors = nil
    score =
      submission.maximum == 0 ? 1 : Double(submission.points) / Double(submission.maximum)
    tests = submission.checks.map { check in
      Test(
        name: check.name, description: check.title, points: Double(check.earned),
        maxPoints: Double(check.points), message: Self.cut(check.toldSentence),
        output: check.isHidden ? "" : Self.cut(check.message))
    }
  }

  package func json() throws -> Data { try GradeJSON.encode(self) }
}
