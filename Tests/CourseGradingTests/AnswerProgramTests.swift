import CChildProcess
import CourseAnswers
import Exercises
import Testing

@Suite struct AnswerProgramTests {
  @Test func itAnswersForWhatThereIs() throws {
    let program = AnswerProgram(exercises)
    #expect(throws: (any Error).self) { try program.run([]) }
    #expect(throws: (any Error).self) { try program.run(["sum-rule", "square", "no seed"]) }
    #expect(throws: (any Error).self) {
      try program.run(["sum-rule", "square", "1", "no such word"])
    }
    #expect(throws: (any Error).self) {
      try program.server(exercise: "sum-rule", check: "nowhere", seed: 1)
    }
  }

  #if os(Linux)
    /// Or a student's process could write answers into the pipes of this one.
    @Test func theOneThatAnswersForTheTeacherCannotBeLookedInto() throws {
      #expect(throws: (any Error).self) {
        try AnswerProgram(exercises).run(["sum-rule", "square", "no seed", AnswerProgram.sealed])
      }
      #expect(child_forbids_inspection() == 1)
    }
  #endif
}
