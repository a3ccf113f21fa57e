import CheckReport

/// Which files are compiled for a submission: at first the student's; and where that fails, fewer of them, so
/// that one file that does not compile costs the points of its own exercise and no other's.
///
/// 1. The student's files as they are. Whoever answers everything in one file has answered.
/// 2. Files that are missing, as they were handed out: they answer nothing.
/// 3. A file with errors is replaced by the one that was handed out, or left out if there was none. Where
///    the errors are in the exercise that calls it (Exercises/SumRuleExercise.swift), by its name.
struct CompileAttempt {
  private(set) var files: [String: String]
  /// What the compiler said of the student's files when they were compiled with nothing missing.
  private(set) var errors: [CompilerError] = []
  private(set) var remarks: [String] = []
  private let starter: [String: String]
  private let exerciseFiles: [String]
  private let missing: [String]
  private var replaced: Set<String> = []
  private var isFilled = false

  init(_ submission: Submission, starter: [String: String], exerciseFiles: [String]) {
    files = submission.files
    self.starter = starter
    self.exerciseFiles = exerciseFiles
    missing = starter.keys.filter { submission.files[$0] == nil }.sorted()
    isFilled = missing.isEmpty
  }

  /// Why the answers in a file were not compiled; nil if they were.
  func error(in file: String) -> CompilerError? {
    guard replaced.contains(file) else { return nil }
    return errors.first { $0.file == file } ?? errors.first { caller($0).contains(file) }
  }

  /// Prepares the next attempt.
  /// - Returns: false where there is none.
  mutating func revise(after errors: [CompilerError]) -> Bool {
    if !isFilled {
      isFilled = true
      for name in missing { files[name] = starter[name] }
      let noun = missing.count == 1 ? "is" : "are"
      remarks.append(
        "\(missing.joined(separator: ", ")) \(noun) missing, and \(noun) taken as handed out.")
      return true
    }
    for error in errors where !self.errors.contains(error) { self.errors.append(error) }
    let own = Set(errors.map(\.file).filter { files[$0] != nil && !replaced.contains($0) })
    let called = Set(errors.flatMap(caller).filter { !replaced.contains($0) })
    let blamed = own.isEmpty ? called : own
    guard !blamed.isEmpty else { return false }
    for file in blamed {
      replaced.insert(file)
      files[file] = starter[file]
    }
    return true
  }

  /// The files of the exercises that an error's file calls.
  private func caller(_ error: CompilerError) -> [String] {
    guard error.file.hasPrefix("Exercises/") else { return [] }
    let name = error.file.dropFirst("Exercises/".count)
    return exerciseFiles.filter { name.hasPrefix($0.dropLast(".swift".count)) }
  }
}
