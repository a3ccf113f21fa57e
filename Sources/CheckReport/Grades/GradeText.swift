import Foundation

/// Grades for a terminal: everything about one submission, a table about many.
package enum GradeText {
  package static func text(_ record: GradeRecord) -> String {
    guard record.submissions.count == 1 else { return table(record) }
    return text(record.submissions[0])
  }

  static func text(_ submission: SubmissionGrade) -> String {
    var table = TextTable([("Check", .left), ("Points", .right), ("Outcome", .left)])
    table.rows = submission.checks.map {
      [$0.name, "\($0.earned)/\($0.points)", words($0.outcome)]
    }
    table.rows.append(["Total", "\(submission.points)/\(submission.maximum)", ""])
    var lines = [submission.name, ""] + table.lines()
    let preamble = preamble(submission)
    if !preamble.isEmpty { lines += [""] + preamble }
    var told: Set<String> = []
    for check in submission.checks where check.outcome != .passed {
      // What is the same for several checks is said once.
      guard told.insert(check.told).inserted else { continue }
      lines.append("")
      if check.isHidden || check.message.isEmpty {
        lines += ["\(words(check.outcome).uppercased())  \(check.name)"]
        lines += TextReport.wrapped(check.toldSentence, indent: 2)
      } else {
        lines.append(check.message)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func table(_ record: GradeRecord) -> String {
    var table = TextTable([("Submission", .left), ("Points", .right), ("Remark", .left)])
    table.rows = record.submissions.map {
      [$0.name, "\($0.points)/\($0.maximum)", $0.reason ?? ""]
    }
    return table.lines().joined(separator: "\n") + "\n"
  }

  /// What concerns the whole of a submission: remarks, and what the compiler said.
  static func preamble(_ submission: SubmissionGrade) -> [String] {
    let errors = submission.toldErrors
    return submission.remarks + errors.prefix(20).map(\.description)
      + (errors.count > 20 ? ["and \(errors.count - 20) more errors"] : [])
  }

  static func words(_ outcome: CheckGrade.Outcome) -> String {
    switch outcome {
    case .passed: "pass"
    case .failed: "fail"
    case .unanswered: "no answer"
    case .notCompiled: "not compiled"
    case .notGraded: "not graded"
    }
  }
}
