import CheckReport
import Coursework
import Foundation
import GSLKit
import GradientCheck
import ModelPipe
import TiedLayers

/// Judges one answer to one check, from outside the process that answers.
///
/// Every number that counts comes from the judge's side: the points, the losses, the paths and the reference
/// for updates. The student's process is asked for what it claims, at two points, the second of which it
/// is told only then: a layer that keeps a copy of what it was made with is right at the first alone. Of the
/// seed that process knows the lower half, for it makes its objective with that; the second point depends on
/// all of it, and cannot be foreseen where the seed was drawn at random.
/// Whatever it says and however it ends, what is not answered counts for nothing.
package struct Judge {
  /// The name under which the student's training is served.
  package static let training = "answer"
  /// What the program that answers for the teacher is told, so that no other process can answer in its place.
  static let sealed = "sealed"

  package let options: CheckOptions

  package init(seed: UInt64) {
    var options = CheckOptions()
    options.seed = seed
    self.options = options
  }

  /// The part of the seed that objectives are made with.
  var told: UInt64 { options.seed & 0xFFFF_FFFF }

  /// A process that answers, and the last words that it wrote to standard error.
  package struct Answerer {
    let exchange: any LineExchange
    let lastWords: () -> String

    package init(_ exchange: any LineExchange, lastWords: @escaping () -> String = { "" }) {
      self.exchange = exchange
      self.lastWords = lastWords
    }
  }

  /// - Parameters:
  ///   - witness: the teacher's own answer to the same check.
  ///   - start: starts the student's process.
  /// - Throws: what goes wrong on the judge's side.
  package func grade(
    _ check: ExerciseCatalogue.Check, of exercise: ExerciseCatalogue.Entry,
    witness: PipeObjective, start: () throws -> Answerer
  ) throws -> CheckGrade {
    let described = witness.parameters.map(\.flat)
    defer { for (parameter, flat) in zip(witness.parameters, described) { parameter.flat = flat } }
    let answerer = try start()
    let accused: PipeObjective
    do {
      accused = try PipeObjective(answerer.exchange)
    } catch {
      return unanswered(check, exercise, error, answerer)
    }
    defer { accused.close() }
    do {
      for point in [described, moved(described, check, exercise)] {
        for (parameter, flat) in zip(witness.parameters, point) { parameter.flat = flat }
        if let finding = try examine(accused, witness, check, exercise) {
          return grade(check, exercise, .failed, finding.sentence, finding.message)
        }
      }
      return grade(check, exercise, .passed, "right at both points")
    } catch let error as AccusedError {
      return unanswered(check, exercise, error.cause, answerer)
    }
  }

  // MARK: One point

  private struct Finding {
    let sentence: String
    var message = ""
  }

  /// What is wrong at the present point; nil if nothing is.
  private func examine(
    _ accused: PipeObjective, _ witness: PipeObjective, _ check: ExerciseCatalogue.Check,
    _ exercise: ExerciseCatalogue.Entry
  ) throws -> Finding? {
    if let sentence = difference(accused, witness, check.question) {
      return Finding(sentence: sentence)
    }
    let name = "\(exercise.id): \(check.name)"
    let result: CaseResult
    switch check.question {
    case .gradient:
      result = try CheckCase(name: name, model: exercise.id, scope: .gradient) {
        AnswerObjective(accused: accused, witness: witness)
      }.run(options)
    case .ties(let layers):
      if let sentence = try differentLoss(accused, witness) { return Finding(sentence: sentence) }
      result = try CheckCase(
        name: name, model: exercise.id, expectedTies: [layers], scope: .ties
      ) { AnswerObjective(accused: accused, witness: witness) }.run(options)
    case .updates(let recipe, let steps):
      // The gradients are the teacher's too: one who claims zero and does not move would be consistent.
      nonisolated(unsafe) let accused = accused
      let subject = UpdateSubject(UpdateReference(recipe)) { RemoteTrainer(accused, steps: steps) }
      result = try CheckCase(
        name: name, model: exercise.id, subjects: [subject], steps: steps, scope: .updates
      ) { witness }.run(options)
    }
    guard result.verdict != .pass else { return nil }
    return Finding(
      sentence: FailureMessage.sentence(for: result),
      message: FailureMessage.text(for: result, advises: false))
  }

  /// Whether two models are made alike: the same parameters, used by the same layers.
  private func difference(
    _ accused: PipeObjective, _ witness: PipeObjective, _ question: ExerciseCatalogue.Question
  ) -> String? {
    let (own, other) = (accused.parameters, witness.parameters)
    guard own.map(\.shape) == other.map(\.shape), own.map(\.name) == other.map(\.name) else {
      return
        "the model has the parameters \(excerpt(own.map(\.description).joined(separator: ", "), 300)); "
        + "expected \(other.map(\.description).joined(separator: ", ")), each once. A layer that "
        + "shares a kernel has none of its own."
    }
    guard case .ties = question else { return nil }
    func uses(_ objective: PipeObjective) -> [String] {
      objective.uses.map { use in
        "\(objective.parameters[use.parameter].name) by \(use.name)"
          + (use.isTransposed ? " transposed" : "")
      }
    }
    guard uses(accused) == uses(witness) else {
      return "the model uses \(excerpt(uses(accused).joined(separator: ", "), 300)); expected "
        + uses(witness).joined(separator: ", ") + "."
    }
    return nil
  }

  /// Whether the student's own layers compute another loss than the teacher's, with every use of every
  /// parameter moved alone.
  private func differentLoss(_ accused: PipeObjective, _ witness: PipeObjective) throws -> String? {
    for (own, other) in zip(accused.parameters, witness.parameters) { own.flat = other.flat }
    let random = RandomSource(seed: options.seed)
    func isOther(_ claimed: Double, _ right: Double) -> Bool {
      !(abs(claimed - right) <= 1e-9 * max(abs(right), 1e-6))
    }
    let (claimed, right) = (try asked { try accused.value() }, try witness.value())
    if isOther(claimed, right) {
      return
        "the loss is \(NumberInSentence.short(claimed)); expected \(NumberInSentence.short(right)): the "
        + "forward pass computes something else, or does not read the parameters as they are now."
    }
    for (own, use) in zip(accused.uses, witness.uses) {
      let moved = witness.parameters[use.parameter].flat.map { $0 + random.uniform(-0.5, 0.5) }
      let right = try witness.pathFunction(use)(.values(moved))
      let claimed = try asked { try accused.pathFunction(own)(.values(moved)) }
      if isOther(claimed, right) {
        return
          "when \(witness.parameters[use.parameter].name) moves for \(use.name) alone, the loss "
          + "becomes \(NumberInSentence.short(claimed)); expected \(NumberInSentence.short(right)): "
          + "\(use.layerName) does not compute with the parameter that it says it holds."
      }
    }
    return nil
  }

  private func asked<T>(_ question: () throws -> T) throws -> T {
    do { return try question() } catch { throw AccusedError(error) }
  }

  /// Another point, as far away as the parameters are large. It depends on the upper half of the seed too, which
  /// the student's process is not told.
  private func moved(
    _ point: [[Double]], _ check: ExerciseCatalogue.Check, _ exercise: ExerciseCatalogue.Entry
  ) -> [[Double]] {
    let name = ResultsFolder.hash("\(exercise.id): \(check.name)")
    let random = RandomSource(seed: (options.seed &+ 1) &* (UInt64(name, radix: 16)! | 1))
    return point.map { values in
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))
      let scale = square > 0 ? square.squareRoot() : 1
      return values.map { $0 + 0.5 * scale * random.uniform(-1, 1) }
    }
  }

  // MARK: Grades

  private func grade(
    _ check: ExerciseCatalogue.Check, _ exercise: ExerciseCatalogue.Entry,
    _ outcome: CheckGrade.Outcome, _ sentence: String, _ message: String = ""
  ) -> CheckGrade {
    CheckGrade(check, of: exercise, outcome, sentence, message)
  }

  private func unanswered(
    _ check: ExerciseCatalogue.Check, _ exercise: ExerciseCatalogue.Entry, _ error: any Error,
    _ answerer: Answerer
  ) -> CheckGrade {
    // Said in answer to a question, the student's own words are the sentence.
    if case PipeError.refused(_, let reason) = error {
      return grade(check, exercise, .unanswered, excerpt(reason, 500))
    }
    let sentence = Self.sentence(error)
    let words = answerer.lastWords()
    return grade(
      check, exercise, .unanswered, sentence,
      words.isEmpty
        ? ""
        : "NO ANSWER  \(exercise.id): \(check.name)\n  \(sentence)\n\n  It wrote last:\n"
          + words.split(separator: "\n").map { "    \($0)\n" }.joined())
  }

  /// What became of a process, said to the one who wrote its code.
  static func sentence(_ error: any Error) -> String {
    switch error as? ChildProcessError {
    case .silent(let seconds), .slow(let seconds), .overTime(let seconds):
      "no answer within \(NumberInSentence.short(seconds)) s: does a loop not end? The process was killed."
    case .ended(.signalled(let number)):
      "the process crashed before it had answered, by signal \(number) "
        + "(\(String(cString: strsignal(number))))."
    case .ended(.exited(let status)):
      "the process exited with status \(status) before it had answered."
    case .closed: "the process closed its input or output instead of answering."
    case .unasked, .tooMuch, .cannotStart, .interrupted, nil: excerpt("\(error)", 500)
    }
  }
}

/// Writes a number as it stands in a sentence: "3", or "0.125".
enum NumberInSentence {
  static func short(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15
      ? "\(Int(number))" : String(format: "%.6g", number)
  }
}

extension CheckGrade {
  init(
    _ check: ExerciseCatalogue.Check, of exercise: ExerciseCatalogue.Entry, _ outcome: Outcome,
    _ sentence: String, _ message: String = ""
  ) {
    self.init(
      exercise: exercise.id, title: exercise.title, check: check.name, outcome: outcome,
      points: check.points, sentence: sentence, message: message, isHidden: exercise.isHidden)
  }
}
