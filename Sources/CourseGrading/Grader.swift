import CheckReport
import Coursework
import Foundation
import ModelPipe

/// Grades submissions, one after the other, in one build slot. Several graders may work side by side.
package final class Grader {
  private let slot: BuildSlot
  private let judge: Judge
  package let catalogue: ExerciseCatalogue
  private let solutions: SolutionsProgram
  /// By name: what a student began with.
  private let starter: [String: String]
  private let limits: AnswerLimits
  private let watch: ProcessWatch
  /// The teacher's processes, by check: they keep nothing between two questions.
  private var witnesses: [String: (objective: PipeObjective, process: ChildProcess)] = [:]
  /// The build folder is to be made anew.
  private var mustPrepare = false

  /// Prepares the slot, and looks whether the solutions pass every check: otherwise no student could. With this
  /// every check has a witness, before anything of a student's runs.
  /// - Parameter starter: the text of each file of Sources/Layers as it was handed out.
  /// - Throws: `GradingError`.
  package init(
    _ slot: BuildSlot, starter: [String: String], seed: UInt64, limits: AnswerLimits,
    watch: ProcessWatch
  ) throws {
    self.slot = slot
    self.starter = starter
    self.limits = limits
    self.watch = watch
    judge = Judge(seed: seed)
    do {
      solutions = try slot.prepare(watch)
      catalogue = try Self.catalogue(of: solutions.path, watch)
      try examineSolutions()
      try slot.withdraw(solutions)
    } catch {
      if watch.hasEnded { throw GradingError.interrupted }
      throw error
    }
  }

  /// Says what exercises a program answers for.
  /// - Throws: `GradingError`.
  private static func catalogue(
    of program: String, _ watch: ProcessWatch
  ) throws -> ExerciseCatalogue {
    do {
      let process = try ChildProcess(
        [program, "catalogue"], limits: .init(message: 60, total: 60))
      let line = try watch.during(process) {
        defer { process.end() }
        return try process.exchange(Data("catalogue".utf8))
      }
      let catalogue = try JSONDecoder().decode(ExerciseCatalogue.self, from: line)
      if let flaw = catalogue.flaw { throw GradingError.badCatalogue(flaw) }
      return catalogue
    } catch let error as GradingError {
      throw error
    } catch {
      throw GradingError.badCatalogue("\(error)")
    }
  }

  private func examineSolutions() throws {
    let grades = try checks { exercise, check in
      try grade(check, exercise, solutions.path)
    }
    if let wrong = grades.first(where: { $0.outcome != .passed }) {
      throw GradingError.teacherIsWrong(
        wrong.message.isEmpty ? "\(wrong.name): \(wrong.sentence)" : wrong.message)
    }
  }

  /// Grades one submission. Whatever is wrong with it, or goes wrong, is in its grade.
  /// - Parameter submission: what was read of it, before any student's program ran.
  /// - Throws: `GradingError.interrupted`.
  package func grade(
    _ name: String, _ submission: Result<Submission, any Error>
  ) throws -> SubmissionGrade {
    try requireNotEnded()
    let read: Submission
    switch submission {
    case .success(let found): read = found
    case .failure(let error): return nothing(name, .unanswered, "the submission \(error).")
    }
    do {
      if mustPrepare {
        try slot.withdraw(slot.prepare(watch))
        mustPrepare = false
      }
      return try grade(read)
    } catch {
      try requireNotEnded()
      return nothing(name, .notGraded, "it could not be graded: \(excerpt("\(error)", 500))")
    }
  }

  private func requireNotEnded() throws {
    if watch.hasEnded { throw GradingError.interrupted }
  }

  private func nothing(
    _ name: String, _ outcome: CheckGrade.Outcome, _ sentence: String
  ) -> SubmissionGrade {
    SubmissionGrade(
      name: name, checks: checks { CheckGrade($1, of: $0, outcome, sentence) })
  }

  private func checks(
    _ body: (ExerciseCatalogue.Entry, ExerciseCatalogue.Check) throws -> CheckGrade
  ) rethrows -> [CheckGrade] {
    try catalogue.exercises.flatMap { exercise in
      try exercise.checks.map { try body(exercise, $0) }
    }
  }

  // MARK: Compiling

  private func grade(_ submission: Submission) throws -> SubmissionGrade {
    var attempt = CompileAttempt(
      submission, starter: starter, exerciseFiles: catalogue.exercises.map(\.file))
    var summary = ""
    var isSecondTry = false
    while true {
      switch try slot.build(attempt.files, watch) {
      case .built(let program):
        var remarks = submission.remarks + attempt.remarks
        let graded = Result {
          try checks { exercise, check in
            if let error = attempt.error(in: exercise.file) {
              return CheckGrade(check, of: exercise, .notCompiled, "\(error)")
            }
            return try grade(check, exercise, program.path)
          }
        }
        // Whatever became of the checks, no program of the student's runs any longer.
        if slot.isTamperedWith() {
          mustPrepare = true
          remarks.append(
            "it changed files in the build folder while it ran. The folder was made anew, so that no "
              + "other submission is affected; look at what it does.")
        }
        return SubmissionGrade(
          name: submission.name, checks: try graded.get(), compilerErrors: attempt.errors,
          remarks: remarks)
      case .failed(let errors, let text):
        summary = text
        try requireNotEnded()
        if errors.isEmpty, !isSecondTry {
          // No line of the student's is to blame; a full disk may be, or a slow machine. Where the slot does not
          // compile what is right either, this throws: the submission is not graded, and loses nothing.
          isSecondTry = true
          try slot.withdraw(slot.prepare(watch))
          continue
        }
        if attempt.revise(after: errors) { continue }
        return notCompiled(submission, attempt, summary)
      case .outOfTime(let seconds):
        summary = BuildSlot.sentence(outOfTime: seconds)
        try requireNotEnded()
        if !isSecondTry {
          isSecondTry = true
          try slot.withdraw(slot.prepare(watch))
          continue
        }
        if attempt.revise(after: try slowFiles(of: attempt, summary)) { continue }
        return notCompiled(submission, attempt, summary)
      }
    }
  }

  private func notCompiled(
    _ submission: Submission, _ attempt: CompileAttempt, _ summary: String
  ) -> SubmissionGrade {
    let told = attempt.errors.first.map { "\($0)" } ?? "it does not compile: \(summary)"
    return SubmissionGrade(
      name: submission.name, checks: checks { CheckGrade($1, of: $0, .notCompiled, told) },
      compilerErrors: attempt.errors, remarks: submission.remarks + attempt.remarks)
  }

  /// The student's files with which compiling takes too long, each tried with nothing else of the student's. What
  /// a file alone does not compile for, such as another of the student's files, is no matter here.
  private func slowFiles(
    of attempt: CompileAttempt, _ summary: String
  ) throws -> [CompilerError] {
    var slow: [CompilerError] = []
    for (name, text) in attempt.files.sorted(by: { $0.key < $1.key }) where starter[name] != text {
      try requireNotEnded()
      if case .outOfTime = try slot.build(starter.merging([name: text]) { $1 }, watch) {
        slow.append(CompilerError(file: name, line: 1, column: 1, message: summary))
      }
    }
    return slow
  }

  // MARK: Judging

  private func grade(
    _ check: ExerciseCatalogue.Check, _ exercise: ExerciseCatalogue.Entry, _ program: String
  ) throws -> CheckGrade {
    let arguments = [exercise.id, check.name, "\(judge.told)"]
    func attempt() throws -> CheckGrade {
      let witness = try witness(arguments)
      var process: ChildProcess?
      defer { if let process { watch.remove(process) } }
      return try judge.grade(check, of: exercise, witness: witness) {
        let started = try slot.answerer(program, arguments, limits, watch)
        process = started.process
        return started.answerer
      }
    }
    do {
      do {
        return try attempt()
      } catch {
        // The teacher's process may have been killed, by one who has the same rights: a new one is asked.
        try requireNotEnded()
        forget(arguments)
        return try attempt()
      }
    } catch {
      try requireNotEnded()
      forget(arguments)
      return CheckGrade(
        check, of: exercise, .notGraded, "it could not be graded: \(excerpt("\(error)", 500))")
    }
  }

  private func witness(_ arguments: [String]) throws -> PipeObjective {
    let key = arguments.joined(separator: "\u{0}")
    if let witness = witnesses[key] { return witness.objective }
    let process = try ChildProcess(
      [solutions.path] + arguments + [Judge.sealed], limits: .init(message: 120))
    watch.add(process)
    // When it answers it is sealed; no student's process of this check has been started by then.
    let objective = try PipeObjective(process)
    witnesses[key] = (objective, process)
    return objective
  }

  private func forget(_ arguments: [String]) {
    guard let witness = witnesses.removeValue(forKey: arguments.joined(separator: "\u{0}")) else {
      return
    }
    witness.process.end()
    watch.remove(witness.process)
  }

  deinit {
    for witness in witnesses.values {
      witness.process.end()
      watch.remove(witness.process)
    }
  }
}
