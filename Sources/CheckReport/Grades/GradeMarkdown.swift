import Foundation

/// Grades as GitHub's Markdown, for a page or $GITHUB_STEP_SUMMARY.
package enum GradeMarkdown {
  /// GitHub takes no more than 1 MiB for the summary of a step.
  private static let longest = 1 << 20

  package static func text(_ record: GradeRecord) -> String {
    let pages = record.submissions.map(section)
    guard pages.count > 1 else { return (pages.first ?? "") + "\n" }
    let overview = "# Grades\n\n" + table(record)
    let whole = ([overview] + pages).joined(separator: "\n\n") + "\n"
    return whole.utf8.count <= longest
      ? whole
      : overview + "\n\nThe submissions one by one would be too long for this page.\n"
  }

  private static func table(_ record: GradeRecord) -> String {
    Markdown.table(
      [.words("Submission"), .number("Points"), .number("Of"), .words("Remark")],
      record.submissions.map { submission in
        [
          Markdown.code(submission.name), "\(submission.points)", "\(submission.maximum)",
          Markdown.text(submission.reason ?? ""),
        ]
      })
  }

  private static func section(_ submission: SubmissionGrade) -> String {
    var blocks = [
      "## \(Markdown.text(submission.name)): \(submission.points) of \(submission.maximum) points",
      Markdown.table(
        [.words("Exercise"), .words("Check"), .number("Points"), .number("Of"), .words("Outcome")],
        submission.checks.map { check in
          [
            Markdown.code(check.exercise), Markdown.text(check.check), "\(check.earned)",
            "\(check.points)", GradeText.words(check.outcome),
          ]
        }),
    ]
    let preamble = GradeText.preamble(submission)
    if !preamble.isEmpty {
      blocks.append(Markdown.codeBlock(preamble.joined(separator: "\n")))
    }
    var told: Set<String> = []
    for check in submission.checks where check.outcome != .passed {
      guard told.insert(check.told).inserted else { continue }
      blocks += ["### \(Markdown.text(check.name))", Markdown.codeBlock(check.told)]
    }
    return blocks.joined(separator: "\n\n")
  }
}
