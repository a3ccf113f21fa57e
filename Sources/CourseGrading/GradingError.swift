/// Why nothing can be graded.
package enum GradingError: Error, CustomStringConvertible {
  case noFolder(String)
  case teacherDoesNotCompile(String)
  case badCatalogue(String)
  /// The folder of further exercises, or a file in it.
  case unreadableExercises(String, file: String?)
  case noExercises(String)
  case teacherIsWrong(String)
  /// The teacher's program was changed while students' programs ran, where it has to have a name.
  case tampered
  case interrupted

  package var description: String {
    switch self {
    case .noFolder(let path):
      "the build folder \(path) cannot be written. Choose another with --build-folder."
    case .teacherDoesNotCompile(let what):
      "the exercises do not compile with their own solutions:\n\(what)"
    case .badCatalogue(let what): "the exercises cannot be graded: \(what)."
    case .unreadableExercises(let folder, nil):
      "the exercises \(folder) are no folder that can be read."
    case .unreadableExercises(let folder, let file?):
      "\(folder)/\(file) cannot be read; expected UTF-8 text."
    case .noExercises(let folder):
      "there are no exercises in \(folder): expected \(folder)/Sources/Exercises/*.swift, as in a "
        + "package of 'tiecheck coursework new --solutions'."
    case .teacherIsWrong(let what):
      "the exercises' own solutions do not pass, so no student is judged by them:\n\(what)"
    case .tampered:
      "a student's program has changed the program that answers with the solutions. Grade again, with "
        + "--sandbox."
    case .interrupted: "interrupted"
    }
  }
}
