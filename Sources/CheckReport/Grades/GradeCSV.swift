import Foundation

/// Grades as a table with commas (RFC 4180), one line for each submission and one column for each check:
/// for a spreadsheet or a gradebook.
package enum GradeCSV {
  package static func text(_ record: GradeRecord) -> String {
    var checks: [String] = []
    for check in record.submissions.flatMap(\.checks) where !checks.contains(check.name) {
      checks.append(check.name)
    }
    let header = ["submission", "points", "max_points"] + checks + ["remark"]
    let rows = record.submissions.map { submission in
      let earned = Dictionary(
        submission.checks.map { ($0.name, "\($0.earned)") }, uniquingKeysWith: { first, _ in first }
      )
      return [submission.name, "\(submission.points)", "\(submission.maximum)"]
        + checks.map { earned[$0] ?? "" } + [submission.reason ?? ""]
    }
    return ([header] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  /// A cell that a spreadsheet would take for a formula gets an apostrophe before it: a submission's name
  /// is the student's.
  private static func cell(_ text: String) -> String {
    let text = text.first.map { "=+-@\t".contains($0) } == true ? "'\(text)" : text
    guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else {
      return text
    }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}
