import CheckReport
import CourseAnswers
import Coursework
import Exercises
import Foundation
import GradientCheck
import TiedLayers

@testable import CourseGrading
@testable import ModelPipe

/// An answering process's questions and answers, in this very process.
final class Loopback: LineExchange {
  private let server: PipeServer
  init(_ server: PipeServer) { self.server = server }

  func exchange(_ message: Data, limit: Int?) throws -> Data {
    guard let answer = try server.answer(message) else {
      throw ChildProcessError.ended(.exited(0))
    }
    return answer
  }
  func end() -> ChildProcess.Ending { .exited(0) }
  func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending { .exited(0) }
}

/// One check of the course, with a judge and the solutions as witness.
struct Court {
  let exercise: ExerciseCatalogue.Entry
  let check: ExerciseCatalogue.Check
  let seed: UInt64
  private let own: Exercise.Check

  init(_ exercise: String, _ check: String, seed: UInt64 = 3) throws {
    let entry = exercises.first { $0.id == exercise }!
    own = entry.checks.first { $0.name == check }!
    self.exercise = ExerciseCatalogue(exercises).exercises.first { $0.id == exercise }!
    self.check = self.exercise.checks.first { $0.name == check }!
    self.seed = seed
  }

  var witness: PipeObjective {
    get throws {
      try PipeObjective(
        Loopback(
          AnswerProgram(exercises).server(exercise: exercise.id, check: check.name, seed: seed)))
    }
  }

  /// What a process is given that answers for this objective, and this training.
  func grade(
    _ objective: any Objective, training: (() -> any Trainer)? = nil
  ) throws -> CheckGrade {
    let trainings = training.map { [PipeServer.Training(Judge.training, makeTrainer: $0)] } ?? []
    return try grade(Loopback(PipeServer(objective, trainings: trainings)))
  }

  func grade(_ exchange: any LineExchange, lastWords: String = "") throws -> CheckGrade {
    try Judge(seed: seed).grade(check, of: exercise, witness: witness) {
      Judge.Answerer(exchange, lastWords: { lastWords })
    }
  }

  /// What a program is given.
  func grade(
    shell script: String, seconds: Double = 5, memory: Int? = nil
  ) throws -> CheckGrade {
    try grade(
      ChildProcess(
        ["/bin/sh", "-c", script], standardError: .relayed { _ in },
        limits: .init(message: seconds, total: seconds, bytes: 1 << 20, memory: memory)))
  }
}

/// A folder that is gone when this is.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}
