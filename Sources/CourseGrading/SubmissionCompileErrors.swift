import CheckReport
import Foundation

/// Finds the compiler's errors in what a build has written.
enum SubmissionCompileErrors {
  /// Errors in the student's files and in those of the exercises that call them, each once, in order.
  static func errors(in log: String) -> [CompilerError] {
    var errors: [CompilerError] = []
    for line in log.split(whereSeparator: \.isNewline) {
      guard let error = error(in: line), !errors.contains(error) else { continue }
      errors.append(error)
    }
    return errors
  }

  /// PATH/Sources/Layers/NAME.swift:LINE:COLUMN: error: MESSAGE
  private static func error(in line: Substring) -> CompilerError? {
    for (folder, shown) in [("/Sources/Layers/", ""), ("/Sources/Exercises/", "Exercises/")] {
      guard let start = line.range(of: folder), let mark = line.range(of: ": error: "),
        start.upperBound < mark.lowerBound
      else { continue }
      let place = line[start.upperBound..<mark.lowerBound].split(separator: ":")
      guard place.count == 3, let row = Int(place[1]), let column = Int(place[2]) else { continue }
      return CompilerError(
        file: shown + excerpt(String(place[0])), line: row, column: column,
        message: excerpt(String(line[mark.upperBound...]), 300))
    }
    return nil
  }

  /// What to say of a build that failed without such an error: its last lines that speak of one.
  static func summary(of log: String, without folder: String) -> String {
    let lines = log.split(whereSeparator: \.isNewline)
    let telling = lines.filter { $0.contains("error:") || $0.contains("undefined reference") }
    return excerpt(
      (telling.isEmpty ? lines : telling).suffix(3)
        .map { $0.replacing(folder + "/", with: "") }.joined(separator: " / "), 500)
  }
}
