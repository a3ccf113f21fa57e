import ArgumentParser
import CheckReport
import Foundation

/// How grades are written down.
enum GradeFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, markdown, json, csv, junit, gradescope, classroom, prairielearn

  init(_ format: OutputFormat) {
    switch format {
    case .text: self = .text
    case .markdown: self = .markdown
    case .json: self = .json
    }
  }

  /// A format that has room for one submission only.
  var isOfOne: Bool { self == .gradescope || self == .classroom || self == .prairielearn }

  /// Grades as one file.
  /// - Precondition: a format of one is asked of one submission.
  func data(_ record: GradeRecord) throws -> Data {
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

/// A part of the submissions: of every n, the i-th.
struct Shard: Equatable {
  let number: Int
  let count: Int

  /// "2/5".
  @Sendable static func parse(_ text: String) throws -> Shard {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1,
      (1...count).contains(number)
    else {
      throw ValidationError("expected a part and how many there are, such as 1/4 up to 4/4.")
    }
    return Shard(number: number, count: count)
  }

  func part<T>(of all: [T]) -> [T] {
    all.enumerated().filter { $0.offset % count == number - 1 }.map(\.element)
  }
}

extension OptionValue {
  /// A number of MiB.
  @Sendable static func mebibytes(_ text: String) throws -> Int {
    try whole(text, in: 64...(1 << 24), example: 2048)
  }

  /// How many things are done at a time.
  @Sendable static func jobs(_ text: String) throws -> Int {
    try whole(text, in: 1...256, example: 2)
  }

  /// A program and its arguments, with spaces between.
  @Sendable static func command(_ text: String) throws -> [String] {
    let words = text.split(separator: " ").map(String.init)
    guard !words.isEmpty else {
      throw ValidationError("expected a program and its arguments, such as 'bwrap --unshare-all'.")
    }
    return words
  }
}
