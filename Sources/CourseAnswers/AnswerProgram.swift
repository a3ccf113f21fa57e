import CChildProcess
import Coursework
import Foundation
import ModelPipe

/// The program that a student's code runs in while it is graded. It knows nothing of grades: it answers
/// one check's questions over its standard input and output, for its objective's values, gradients and
/// steps, and whoever asks does the comparing.
///
///     answer catalogue                     says in one line what exercises there are
///     answer EXERCISE CHECK SEED           answers for one check
///     answer EXERCISE CHECK SEED sealed    the same, for the teacher
public struct AnswerProgram {
  private let exercises: [Exercise]

  /// Answers for these exercises.
  public init(_ exercises: [Exercise]) { self.exercises = exercises }

  /// The name under which the trainer of a question about updates is served.
  package static let training = "answer"

  /// A fourth argument for the process that answers for the teacher: no other process may look into it, or
  /// answer through its pipes. A student's process is not sealed: what it starts would be so too, and
  /// hide its traces from whoever has to end it.
  package static let sealed = "sealed"

  /// - Parameter arguments: without the program's name.
  public func run(_ arguments: [String]) throws {
    var arguments = arguments
    if arguments.count == 4, arguments[3] == Self.sealed {
      child_forbid_inspection()
      arguments.removeLast()
    }
    if arguments == ["catalogue"] {
      _ = readLine()
      try FileHandle.standardOutput.write(contentsOf: catalogue())
      return
    }
    guard arguments.count == 3, let seed = UInt64(arguments[2]) else {
      throw AnswerError("expected: catalogue, or EXERCISE CHECK SEED")
    }
    // What is printed while the objective is made must not be taken for an answer.
    let output = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    let server = Result {
      try self.server(exercise: arguments[0], check: arguments[1], seed: seed)
    }
    fflush(nil)
    dup2(output, STDOUT_FILENO)
    close(output)
    switch server {
    case .success(let server): try server.run()
    case .failure(let error): try refuse(error)
    }
  }

  /// The exercises as one line of JSON.
  package func catalogue() throws -> Data {
    try JSONEncoder().encode(ExerciseCatalogue(exercises)) + Data("\n".utf8)
  }

  /// What answers for one check.
  package func server(exercise id: String, check name: String, seed: UInt64) throws -> PipeServer {
    let exercise = exercises.first { $0.id == id }
    guard let check = exercise?.checks.first(where: { $0.name == name }) else {
      throw AnswerError("there is no check \(id): \(name)")
    }
    let objective = try check.makeObjective(seed)
    guard case .updates(_, _, let makeTrainer) = check.question else {
      return PipeServer(objective)
    }
    return PipeServer(
      objective, trainings: [.init(Self.training, makeTrainer: makeTrainer)])
  }

  /// Answers every question with the reason why there is no objective.
  private func refuse(_ error: any Error) throws {
    while let line = readLine() {
      let question = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let answer: [String: Any] = ["id": question?["id"] as? Int ?? 0, "error": "\(error)"]
      try FileHandle.standardOutput.write(
        contentsOf: JSONSerialization.data(withJSONObject: answer) + Data("\n".utf8))
    }
  }
}

/// Why a check cannot be answered for.
struct AnswerError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
