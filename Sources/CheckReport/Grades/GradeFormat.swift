import Foundation

/// How grades are written down.
package enum GradeFormat: String, CaseIterable, Sendable {
  case text, markdown, json, csv, junit, gradescope, classroom, prairielearn

  /// A format that has room for one submission only.
  package var isOfOne: Bool { self == .gradescope || self == .classroom || self == .prairielearn }

  /// Grades as one file.
  /// - Precondition: a format of one is asked of one submission.
  package func data(_ record: GradeRecord) throws -> Data {
    let record = self == .json ? record : record.harmlessCopy
    switch self {
    case .text: return Data(GradeText.text(record).utf8)
    case .markdown: return Data(GradeMarkdown.text(record).utf8)
    case .json: return try record.json()
    case .csv: return Data(GradeCSV.text(record).utf8)
    case .junit: return Data(JUnitResults.text(record).utf8)
    case .gradescope, .classroom, .prairielearn:
      precondition(record.submissions.count == 1, "\(rawValue) of \(record.submissions.count)")
      return try data(record.submissions[0])
    }
  }

  private func data(_ submission: SubmissionGrade) throws -> Data {
    switch self {
    case .classroom: try ClassroomResults(submission).json()
    case .prairielearn: try PrairieLearnResults(submission).json()
    default: try GradescopeResults(submission).json()
    }
  }
}

extension GradeRecord {
  /// What a folder of results holds: the record itself, a table, and a page.
  package func files() throws -> [ReportFile] {
    [
      try recordFile(),
      ReportFile(name: "grades.csv", contents: try GradeFormat.csv.data(self)),
      ReportFile(name: "grades.md", contents: try GradeFormat.markdown.data(self)),
    ]
  }

  /// The record alone, as a folder of results holds it.
  package func recordFile() throws -> ReportFile {
    ReportFile(name: "grades.json", contents: try GradeFormat.json.data(self))
  }

  /// The names of `files()`.
  package static let fileNames = ["grades.json", "grades.csv", "grades.md"]

  /// A file for each submission, in a format that has room for one.
  package func filesOfOne(_ format: GradeFormat) throws -> [ReportFile] {
    var taken: Set<String> = []
    return try submissions.map { submission in
      let one = GradeRecord(seed: seed, command: command, submissions: [submission], tool: tool)
      return ReportFile(
        name: "\(Self.fileName(submission.name, &taken)).json", contents: try format.data(one))
    }
  }

  /// A name for a file that is like a submission's, and no other submission's.
  private static func fileName(_ name: String, _ taken: inout Set<String>) -> String {
    let plain = String(
      name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
    var (candidate, number) = (plain.hasPrefix(".") ? "-\(plain)" : plain, 2)
    while !taken.insert(candidate.lowercased()).inserted {
      candidate = "\(plain)-\(number)"
      number += 1
    }
    return candidate
  }
}
