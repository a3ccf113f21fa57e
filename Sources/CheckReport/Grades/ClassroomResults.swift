import Foundation

/// One submission as GitHub Classroom's autograding-grading-reporter reads it, from the environment
/// variable RUNNER_RESULTS in base64: what a grader step gives out as `result`. The reporter adds up
/// the tests' scores, counts those whose status is "pass" and fails the job for the status "fail" or
/// "error" (its src/main.js, notify-classroom.js and aggregate-results.js).
package struct ClassroomResults: Encodable {
  struct Test: Encodable {
    let name: String
    let status: String
    let score: Double
    let maxScore: Double
    let message: String
    let testCode: String
    let filename: String
    let line: Int
    let duration: Double

    enum CodingKeys: String, CodingKey {
      case name, status, score, message, filename
      case maxScore = "max_score"
      case testCode = "test_code"
      case line = "line_no"
      case duration
    }
  }

  let version = 1
  let status: String
  let maxScore: Double
  let tests: [Test]

  enum CodingKeys: String, CodingKey {
    case version, status, tests
    case maxScore = "max_score"
  }

  package init(_ submission: SubmissionGrade) {
    maxScore = Double(submission.maximum)
    tests = submission.checks.map { check in
      // The compiler's line is the only one that means anything to the student: that of this check's own file.
      let error =
        check.outcome == .notCompiled
        ? submission.toldErrors.first { check.sentence == "\($0)" } : nil
      return Test(
        name: check.name, status: Self.status(check.outcome), score: Double(check.earned),
        maxScore: Double(check.points), message: check.outcome == .passed ? "" : check.told,
        testCode: "", filename: error?.file ?? "", line: error?.line ?? 0, duration: 0)
    }
    let outcomes = submission.checks.map(\.outcome)
    status =
      outcomes.allSatisfy { $0 == .passed }
      ? "pass" : outcomes.allSatisfy { Self.status($0) == "error" } ? "error" : "fail"
  }

  private static func status(_ outcome: CheckGrade.Outcome) -> String {
    switch outcome {
    case .passed: "pass"
    case .failed, .unanswered: "fail"
    case .notCompiled, .notGraded: "error"
    }
  }

  package func json() throws -> Data { try GradeJSON.encode(self) }
}
