import CourseAnswers
import Coursework
import GradientCheck

// A course of one exercise with one check, for tests that grade whole submissions and must not take long. The
// program is the teacher's; a student's, in these tests, is a script.
let square = Exercise(
  id: "square", title: "A square", file: "Answer.swift",
  checks: [
    .init("gradient", points: 3, .gradient) { seed in
      OpaqueObjective(
        FunctionObjective(
          at: [0.25 + Double(seed % 7) / 8, -0.75], named: "x",
          loss: { $0[0] * $0[0] + $0[0] * $0[1] },
          gradient: { [2 * $0[0] + $0[1], $0[0]] }))
    }
  ])
try AnswerProgram([square]).run(Array(CommandLine.arguments.dropFirst()))
