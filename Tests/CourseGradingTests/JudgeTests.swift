import CheckReport
import CourseAnswers
import Coursework
import Exercises
import Foundation
import GSLKit
import GradientCheck
import Layers
import ModelPipe
import Testing
import TiedLayers

@testable import CourseGrading

@Suite struct JudgeTests {
  @Test func theSolutionsHaveAllPointsAtAnySeed() throws {
    #expect(AnswerProgram.training == Judge.training && AnswerProgram.sealed == Judge.sealed)
    for exercise in exercises {
      for check in exercise.checks {
        for seed: UInt64 in [1, 20_261] {
          let court = try Court(exercise.id, check.name, seed: seed)
          let grade = try court.grade(
            Loopback(
              AnswerProgram(exercises)
                .server(exercise: exercise.id, check: check.name, seed: seed)))
          #expect(grade.outcome == .passed, "\(grade.name): \(grade.sentence)")
          #expect(grade.earned == check.points)
        }
      }
    }
  }

  // MARK: Wrong answers

  @Test func aWrongGradientIsConvictedByName() throws {
    let court = try Court("sum-rule", "oblong")
    let objective = try SumRuleExercise.oblong(seed: court.seed) { encoder, _ in encoder }
    let grade = try court.grade(objective)
    #expect(grade.outcome == .failed && grade.earned == 0)
    #expect(grade.sentence.contains("decoder"), "\(grade.sentence)")
    #expect(grade.message.hasPrefix("FAIL  sum-rule: oblong"))
  }

  @Test func partOfTheAnswersEarnsPartOfThePoints() throws {
    let forgotten: DenseBackwardExercise.Answer = { cotangent, x, kernel, bias in
      var right = try DenseBackwardExercise.yours(cotangent, x, kernel, bias)
      right.input = right.input.map { $0.map { -$0 } }
      return right
    }
    let kernel = try Court("dense-backward", "kernel")
    let input = try Court("dense-backward", "input")
    #expect(
      try kernel.grade(DenseBackwardExercise.kernel(seed: 3, answer: forgotten)).outcome == .passed)
    #expect(
      try input.grade(DenseBackwardExercise.input(seed: 3, answer: forgotten)).outcome == .failed)
  }

  /// Zero losses with zero gradients are consistent, and prove nothing.
  @Test func theStudentsOwnLossesAreNotBelieved() throws {
    let court = try Court("dense-backward", "bias")
    let right = try DenseBackwardExercise.bias(seed: court.seed)
    let lie = FunctionObjective(
      at: right.parameters[0].flat, named: right.parameters[0].name, loss: { _ in 0 },
      gradient: { $0.map { _ in 0 } })
    #expect(try court.grade(lie).outcome == .failed)
  }

  /// Nor is the point that the student's process says it stands at.
  @Test func thePointIsTheTeachers() throws {
    let court = try Court("dense-backward", "bias")
    let right = try DenseBackwardExercise.bias(seed: court.seed)
    let elsewhere = FunctionObjective(
      at: right.parameters[0].flat.map { _ in 0 }, named: right.parameters[0].name,
      loss: { _ in 0 },
      gradient: { bias in
        right.parameters[0].flat = bias
        return try right.gradients()[0]!
      })
    // It stands elsewhere, and answers rightly for where it is asked.
    #expect(try court.grade(elsewhere).outcome == .passed)
  }

  @Test func whatIsRightAtTheFirstPointAloneIsNotRight() throws {
    let court = try Court("dense-backward", "bias")
    let right = try DenseBackwardExercise.bias(seed: court.seed)
    let stale = try right.gradients()[0]!
    let remembered = FunctionObjective(
      at: right.parameters[0].flat, named: right.parameters[0].name, loss: { _ in 0 },
      gradient: { _ in stale })
    #expect(try court.grade(remembered).outcome == .failed)
  }

  // MARK: Ties

  @Test func aKernelOfItsOwnIsNoTie() throws {
    let court = try Court("transposed-twin", "tie")
    let copied = try TransposedTwinExercise.pair(seed: court.seed) { encoder, bias in
      Dense(
        "decoder", kernel: Kernel("W2", encoder.kernel.parameter.values.transposed), bias: bias)
    }
    let grade = try court.grade(copied)
    #expect(grade.outcome == .failed)
    #expect(grade.sentence.contains("W2") && grade.sentence.contains("none of its own"))
  }

  @Test func aLayerThatComputesWithACopyIsFound() throws {
    let court = try Court("transposed-twin", "tie")
    let pair = try TransposedTwinExercise.pair(seed: court.seed) { encoder, bias in
      Hoarder(tiedTo: encoder, bias: bias)
    }
    let grade = try court.grade(pair)
    #expect(grade.outcome == .failed)
    #expect(grade.sentence.contains("decoder"), "\(grade.sentence)")
  }

  /// Says that it holds the encoder's kernel, and computes with what the kernel was.
  private struct Hoarder: Layer {
    let name = "decoder"
    var kernels: [Kernel<Double>]
    var biases: [Parameter<Double>]
    private let copy: Kernel<Double>

    init(tiedTo encoder: Dense<Double>, bias: Parameter<Double>) {
      kernels = [encoder.kernel.transposed]
      biases = [bias]
      copy = Kernel("copy", encoder.kernel.parameter.values).transposed
    }

    func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
      var output = try copy.multiply(input)
      try output.addToEachRow(biases[0].values)
      return output
    }

    func backward(
      _ cotangent: Matrix<Double>, at input: Matrix<Double>,
      into gradients: inout Gradients<Double>
    ) throws -> Matrix<Double> {
      try gradients.addProduct(input: input, cotangent: cotangent, to: kernels[0])
      try gradients.addColumnSums(of: cotangent, to: biases[0])
      return try copy.multiplyAdjoint(cotangent)
    }
  }

  // MARK: Updates

  @Test func aTrainerThatDoesNotMoveOrMovesTwiceIsFound() throws {
    let court = try Court("optimizer-step", "five steps")
    let model = try OptimizerStepExercise.autoencoder(seed: court.seed)
    for times in [0, 2] {
      let grade = try court.grade(model) { Repeated(OptimizerStepExercise.yours(), times) }
      #expect(grade.outcome == .failed, "\(times) times: \(grade.sentence)")
    }
    let right = try court.grade(model, training: OptimizerStepExercise.yours)
    #expect(right.outcome == .passed, "\(right.sentence)")
  }

  /// With gradients of its own that are zero, not to move would be consistent.
  @Test func theReferenceIsFedTheTeachersGradients() throws {
    let court = try Court("optimizer-step", "one step")
    let model = try OptimizerStepExercise.autoencoder(seed: court.seed)
    let grade = try court.grade(Indifferent(model)) { Repeated(OptimizerStepExercise.yours(), 0) }
    #expect(grade.outcome == .failed)
  }

  private final class Repeated: Trainer {
    private let trainer: any Trainer
    private let times: Int
    init(_ trainer: any Trainer, _ times: Int) { (self.trainer, self.times) = (trainer, times) }
    func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
      for _ in 0..<times { try trainer.step(parameters, contributions: contributions) }
    }
    func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
    var stateSlots: Int { trainer.stateSlots }
  }

  private struct Indifferent: Objective {
    let model: any Objective
    init(_ model: any Objective) { self.model = model }
    var parameters: [any AnyParameter] { model.parameters }
    func value() throws -> Double { 1 }
    func gradients() throws -> [[Double]?] { parameters.map { $0.flat.map { _ in 0 } } }
  }

  // MARK: No answers

  @Test func whatIsNotSolvedSaysSo() throws {
    let court = try Court("sum-rule", "square")
    struct NotYet: Error, CustomStringConvertible { let description = "Not solved yet: sum-rule." }
    let objective = try SumRuleExercise.square(seed: court.seed) { _, _ in throw NotYet() }
    let grade = try court.grade(objective)
    #expect(grade.outcome == .unanswered && grade.sentence == "Not solved yet: sum-rule.")
  }

  @Test(arguments: [
    ("while :; do :; done", "no answer within 0.3 s"),
    ("kill -SEGV $$", "crashed before it had answered, by signal 11"),
    ("exit 0", "exited with status 0 before it had answered"),
    ("exec 1>&-; sleep 9", "closed its input or output"),
    ("echo '{\"tests\": [{\"score\": 20}]}'; sleep 9", "the program"),
    ("read q; echo 'score: 20 of 20'", "with \"score: 20 of 20\""),
    ("read q; head -c 9000000 /dev/zero; sleep 9", "longer than"),
    // A description without an answer behind it.
    (
      """
      read q; echo '{"id":1,"protocol":"tiecheck-pipe/1","parameters":[{"name":"b","shape":[2],\
      "values":[0,0]}],"can":["gradient"]}'; exit 0
      """, "exited with status 0"
    ),
    (
      """
      read q; echo '{"id":1,"protocol":"tiecheck-pipe/1","parameters":[{"name":"b","shape":[2],\
      "values":[0,0]}],"can":["gradient"]}'; read q; echo '{"id":2,"gradient":[["nan"]]}'; sleep 9
      """, "is not finite"
    ),
  ])
  func howeverAProcessEndsItEarnsNothing(_ script: String, _ sentence: String) throws {
    let court = try Court("dense-backward", "bias")
    let hangs = script.hasPrefix("while")
    let grade = try court.grade(shell: script, seconds: hangs ? 0.3 : 5)
    #expect(grade.earned == 0 && grade.outcome != .passed)
    if sentence != "is not finite" {
      #expect(grade.sentence.contains(sentence), "\(grade.sentence)")
      #expect(grade.outcome == .unanswered)
    }
  }

  #if os(Linux)
    @Test func memoryIsLimited() throws {
      let court = try Court("dense-backward", "bias")
      let script = "read q; head -c 60000000 /dev/zero | tail | wc -c"
      #expect(try court.grade(shell: script, memory: 32 << 20).sentence.contains("with \"0\""))
      #expect(try court.grade(shell: script).sentence.contains("with \"60000000\""))
    }
  #endif

  /// The second point depends on what no student's process is told.
  @Test func ofTheSeedHalfIsTold() {
    #expect(Judge(seed: 7 << 32 | 5).told == 5 && Judge(seed: 5).told == 5)
  }

  /// The judge goes through the witness's uses: a program that describes others must not end it.
  @Test(arguments: ["square", "oblong"], [0, 1, 2])
  func aForgedDescriptionOfUsesEarnsNothing(_ check: String, _ forgery: Int) throws {
    let court = try Court("sum-rule", check)
    let server = try AnswerProgram(exercises)
      .server(exercise: "sum-rule", check: check, seed: court.seed)
    let grade = try court.grade(
      Forged(server) { uses in
        switch forgery {
        case 0: Array(uses.prefix(1))
        case 1: []
        default: uses + uses
        }
      })
    #expect(grade.outcome == .unanswered && grade.earned == 0)
    #expect(grade.sentence.contains("uses of parameters"), "\(grade.sentence)")
  }

  /// Says of itself that it uses its parameters otherwise, and answers accordingly.
  private final class Forged: LineExchange {
    private let loopback: Loopback
    private let forge: ([Any]) -> [Any]

    init(_ server: PipeServer, forge: @escaping ([Any]) -> [Any]) {
      (loopback, self.forge) = (Loopback(server), forge)
    }

    func exchange(_ message: Data, limit: Int?) throws -> Data {
      var answer =
        try JSONSerialization.jsonObject(with: loopback.exchange(message, limit: limit))
        as! [String: Any]
      for key in ["uses", "by_use"] {
        if let list = answer[key] as? [Any] { answer[key] = forge(list) }
      }
      return try JSONSerialization.data(withJSONObject: answer)
    }
    func end() -> ChildProcess.Ending { .exited(0) }
    func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending { .exited(0) }
  }

  @Test func theStandardErrorTailOfACrashAreEvidence() throws {
    let court = try Court("dense-backward", "bias")
    let process = try ChildProcess(["/bin/sh", "-c", "exit 3"])
    let grade = try court.grade(
      process, lastWords: "Layers/DenseBackward.swift:12: Fatal error: Index out of range")
    #expect(grade.message.contains("DenseBackward.swift:12: Fatal error"))
  }

  @Test func theWitnessIsPutBackWhereItWas() throws {
    let court = try Court("sum-rule", "square")
    let witness = try court.witness
    let before = witness.parameters.map(\.flat)
    let right = try SumRuleExercise.square(seed: court.seed)
    let grade = try Judge(seed: 3).grade(court.check, of: court.exercise, witness: witness) {
      Judge.Answerer(Loopback(PipeServer(right)))
    }
    #expect(grade.outcome == .passed)
    #expect(witness.parameters.map(\.flat) == before)
  }
}
