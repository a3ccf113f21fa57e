import Foundation

/// One submission as Gradescope's results.json
/// (https://gradescope-autograders.readthedocs.io/en/latest/specs/, "Output format").
package struct GradescopeResults: Encodable {
  struct Test: Encodable {
    let name: String
    let number: String
    let score: Double
    let maxScore: Double
    let status: String
    let output: String
    let outputFormat = "text"
    let visibility: String
    let tags: [String]

    enum CodingKeys: String, CodingKey {
      case name, number, score, status, output, visibility, tags
      case maxScore = "max_score"
      case outputFormat = "output_format"
    }
  }

  let score: Double
  let output: String
  let outputFormat = "text"
  /// What the judge prints is the teacher's.
  let standardOutputVisibility = "hidden"
  let tests: [Test]

  enum CodingKeys: String, CodingKey {
    case score, output, tests
    case outputFormat = "output_format"
    case standardOutputVisibility = "stdout_visibility"
  }

  package init(_ submission: SubmissionGrade) {
    score = Double(submission.points)
    output = GradeText.preamble(submission).joined(separator: "\n")
    let exercises = submission.exercises
    tests = submission.checks.map { check in
      let exercise = exercises.firstIndex { $0.id == check.exercise }!
      let place = exercises[exercise].checks.firstIndex { $0.check == check.check }!
      return Test(
        name: check.name, number: "\(exercise + 1).\(place + 1)", score: Double(check.earned),
        maxScore: Double(check.points), status: check.outcome == .passed ? "passed" : "failed",
        // The points are shown; what was found is in grades.json, for the teacher. Gradescope would show it
        // with the grades, once they are published.
        output: check.told, visibility: "visible", tags: [check.exercise])
    }
  }

  package func json() throws -> Data { try GradeJSON.encode(self) }
}

extension SubmissionGrade {
  /// The checks by exercise, both in their order.
  var exercises: [(id: String, title: String, checks: [CheckGrade])] {
    var exercises: [(id: String, title: String, checks: [CheckGrade])] = []
    for check in checks {
      if let i = exercises.firstIndex(where: { $0.id == check.exercise }) {
        exercises[i].checks.append(check)
      } else {
        exercises.append((check.exercise, check.title, [check]))
      }
    }
    return exercises
  }
}
