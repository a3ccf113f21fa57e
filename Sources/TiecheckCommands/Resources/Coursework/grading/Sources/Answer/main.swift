import CourseAnswers
import Exercises

// The student's process: it answers, and the judge, in another process, asks and compares.
try AnswerProgram(exercises).run(Array(CommandLine.arguments.dropFirst()))
