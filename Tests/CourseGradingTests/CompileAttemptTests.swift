import CheckReport
import Testing

@testable import CourseGrading

@Suite struct CompileAttemptTests {
  private let starter = ["A.swift": "a0", "B.swift": "b0"]

  private func attempt(_ files: [String: String]) -> CompileAttempt {
    CompileAttempt(
      Submission(name: "ada", files: files), starter: starter,
      exerciseFiles: ["A.swift", "B.swift"])
  }

  private func error(_ file: String, _ message: String = "no") -> CompilerError {
    CompilerError(file: file, line: 1, column: 2, message: message)
  }

  private func revise(_ attempt: inout CompileAttempt, _ errors: [CompilerError]) -> Bool {
    attempt.revise(after: errors)
  }

  @Test func aFileThatDoesNotCompileCostsItsOwnExercise() {
    var attempt = attempt(["A.swift": "wrong", "B.swift": "b1"])
    #expect(revise(&attempt, [error("A.swift")]))
    #expect(attempt.files == ["A.swift": "a0", "B.swift": "b1"])
    #expect(attempt.error(in: "A.swift") == error("A.swift") && attempt.error(in: "B.swift") == nil)
    // The one that was handed out does not compile with what else is there: that is all.
    #expect(!revise(&attempt, [error("A.swift")]))
  }

  @Test func aFileOfTheStudentsOwnIsLeftOut() {
    var attempt = attempt(["A.swift": "a1", "B.swift": "b1", "Extra.swift": "wrong"])
    #expect(revise(&attempt, [error("Extra.swift")]))
    #expect(attempt.files == ["A.swift": "a1", "B.swift": "b1"])
  }

  @Test func aMissingFileIsTakenAsHandedOutUnlessItCompilesWithout() {
    var attempt = attempt(["A.swift": "a1"])
    #expect(attempt.files == ["A.swift": "a1"])
    #expect(revise(&attempt, [error("Exercises/BExercise.swift")]))
    #expect(attempt.files == ["A.swift": "a1", "B.swift": "b0"])
    #expect(
      attempt.errors.isEmpty
        && attempt.remarks == ["B.swift is missing, and is taken as handed out."])
  }

  @Test func anAnswerThatCannotBeCalledIsKnownByTheExerciseThatCallsIt() {
    var attempt = attempt(["A.swift": "a1", "B.swift": "renamed"])
    let error = error("Exercises/BExercise.swift", "cannot find 'b' in scope")
    #expect(revise(&attempt, [error]))
    #expect(attempt.files == ["A.swift": "a1", "B.swift": "b0"])
    #expect(attempt.error(in: "B.swift") == error)
  }

  @Test func whereNobodyIsToBlameNothingIsTriedAgain() {
    var attempt = attempt(["A.swift": "a1", "B.swift": "b1"])
    #expect(!revise(&attempt, []))
    #expect(!revise(&attempt, [error("Exercises/Exercises.swift")]))
  }

  @Test func theCompilersErrorsAreFoundWithTheirLines() {
    let log = """
      [3/9] Compiling Layers A.swift
      /some/where/package/Sources/Layers/A.swift:12:5: error: cannot find 'x' in scope
      10 |   let y = 1
         |     `- error: cannot find 'x' in scope
      /some/where/package/Sources/Layers/A.swift:12:5: error: cannot find 'x' in scope
      /some/where/package/Sources/Layers/A.swift:13:5: warning: never used
      /some/where/package/Sources/Exercises/BExercise.swift:7:1: error: no
      error: fatalError
      """
    #expect(
      SubmissionCompileErrors.errors(in: log) == [
        CompilerError(file: "A.swift", line: 12, column: 5, message: "cannot find 'x' in scope"),
        CompilerError(file: "Exercises/BExercise.swift", line: 7, column: 1, message: "no"),
      ])
    #expect(SubmissionCompileErrors.errors(in: "error: x\nA.swift:1: error: y").isEmpty)
    let summary = SubmissionCompileErrors.summary(
      of: "a\n/w/p/B.o: undefined reference to `main'\nb", without: "/w/p")
    #expect(summary == "B.o: undefined reference to `main'")
  }
}
