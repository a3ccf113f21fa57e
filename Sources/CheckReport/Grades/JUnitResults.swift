import Foundation

/// Submissions as JUnit XML, valid by the schema of Jenkins's xunit plugin (junit-10.xsd): one test suite
/// for each submission, one test case for each check. A check that was judged and not passed is a
/// failure; one that could not be judged, or did not compile, is an error.
package enum JUnitResults {
  package static func text(_ record: GradeRecord) -> String {
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    let checks = record.submissions.flatMap(\.checks)
    lines.append("<testsuites name=\"tiecheck grade\"\(counts(checks))>")
    for submission in record.submissions {
      lines.append(
        "  <testsuite name=\"\(quoted(submission.name))\"\(counts(submission.checks))>")
      lines += [
        "    <properties>",
        "      <property name=\"points\" value=\"\(submission.points)\"/>",
        "      <property name=\"max_points\" value=\"\(submission.maximum)\"/>",
        "    </properties>",
      ]
      for check in submission.checks {
        let names =
          "name=\"\(quoted(check.check))\" classname=\"\(quoted("\(submission.name).\(check.exercise)"))\""
        guard check.outcome != .passed else {
          lines.append("    <testcase \(names)/>")
          continue
        }
        let element = isError(check) ? "error" : "failure"
        lines += [
          "    <testcase \(names)>",
          "      <\(element) type=\"\(check.outcome.rawValue)\" "
            + "message=\"\(quoted(check.toldSentence))\">\(escaped(check.told))</\(element)>",
          "    </testcase>",
        ]
      }
      let preamble = GradeText.preamble(submission)
      if !preamble.isEmpty {
        lines.append("    <system-out>\(escaped(preamble.joined(separator: "\n")))</system-out>")
      }
      lines.append("  </testsuite>")
    }
    lines.append("</testsuites>")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func isError(_ check: CheckGrade) -> Bool {
    check.outcome == .notCompiled || check.outcome == .notGraded
  }

  private static func counts(_ checks: [CheckGrade]) -> String {
    let lost = checks.filter { $0.outcome != .passed }
    let errors = lost.count(where: isError)
    return " tests=\"\(checks.count)\" failures=\"\(lost.count - errors)\" errors=\"\(errors)\""
  }

  /// Text between tags. Of the control characters XML 1.0 knows only three (section 2.2).
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\n", "\t": result.append(scalar)
      case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result.append("?")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// An attribute's value.
  static func quoted(_ text: String) -> String {
    escaped(text).replacing("\"", with: "&quot;").replacing("\n", with: "&#10;")
      .replacing("\t", with: "&#9;")
  }
}
