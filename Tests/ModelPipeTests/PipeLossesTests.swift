import Foundation
import Testing

@testable import ModelPipe

/// Answers each question by a function of the points, after a pause.
private final class Program: LineExchange {
  private(set) var sizes: [Int] = []
  private let answer: (_ ask: Int, _ points: [PipePoint]) -> (seconds: Double, answer: PipeAnswer)

  init(_ answer: @escaping (Int, [PipePoint]) -> (seconds: Double, answer: PipeAnswer)) {
    self.answer = answer
  }

  func exchange(_ message: Data, limit: Int?) throws -> Data {
    let question = try PipeJSON.decode(PipeRequest.self, from: message)
    sizes.append(question.points!.count)
    var (seconds, answer) = answer(sizes.count, question.points!)
    usleep(UInt32(1e6 * seconds))
    answer.id = question.id
    return try PipeJSON.encode(answer)
  }

  func end() -> ChildProcess.Ending { .exited(0) }
  func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending { .exited(0) }
}

@Suite struct PipeLossesTests {
  private func point(_ value: Double) -> PipePoint {
    PipePoint(set: [PipeChange(parameter: 0, at: [0], to: [value])])
  }

  private func number(_ point: PipePoint) -> Double { point.set?.first?.to[0] ?? 0 }

  /// Importing and compiling happen once: the messages after the first hold many points.
  @Test func theSizeOfMessagesRecoversFromASlowFirstAnswer() throws {
    let program = Program { ask, points in
      var answer = PipeAnswer(id: 0)
      answer.losses = points.map(number)
      return (ask == 1 ? 0.3 : 0, answer)
    }
    let losses = PipeLosses(PipeConnection(program))
    let points = (0..<300).map { point(Double($0)) }
    #expect(try losses.losses(points) == (0..<300).map(Double.init))
    #expect(try losses.losses(points) == (0..<300).map(Double.init))
    #expect(program.sizes.count < 12, "\(program.sizes)")
  }

  /// What raises is not a number, at that point alone.
  @Test func whatRaisesBesideThePointIsNoNumber() throws {
    let program = Program { _, points in
      var answer = PipeAnswer(id: 0)
      answer.losses = points.map { number($0) < 0 ? .nan : number($0) }
      answer.raised = [:]
      for (i, point) in points.enumerated() where number(point) < 0 {
        answer.raised!["\(i)"] = "ValueError: math domain error"
      }
      return (0, answer)
    }
    let losses = PipeLosses(PipeConnection(program))
    let found = try losses.losses([point(1), point(-1), PipePoint()])
    #expect(found[0] == 1 && found[1].isNaN && found[2] == 0)
    #expect(losses.raised?.count == 1)
    #expect(losses.raised?.first == "ValueError: math domain error")
  }

  /// An older program has one error for all points of a question.
  @Test func anErrorForManyPointsIsThatOfTheOnesThatRaise() throws {
    let program = Program { _, points in
      var answer = PipeAnswer(id: 0)
      if points.contains(where: { number($0) < 0 }) {
        answer.error = "ValueError"
      } else {
        answer.losses = points.map(number)
      }
      return (0, answer)
    }
    let losses = PipeLosses(PipeConnection(program))
    let found = try losses.losses([point(1), point(-1), point(2)])
    #expect(found[0] == 1 && found[1].isNaN && found[2] == 2)
    #expect(program.sizes == [3, 1, 1, 1])
  }

  /// At the described point there is nothing to compare with.
  @Test func anErrorAtThePointItselfEndsTheCheck() throws {
    let program = Program { _, points in
      var answer = PipeAnswer(id: 0)
      answer.losses = points.map { _ in .nan }
      answer.raised = ["0": "ZeroDivisionError"]
      return (0, answer)
    }
    #expect(throws: PipeError.refused("losses", "ZeroDivisionError")) {
      try PipeLosses(PipeConnection(program)).losses([PipePoint()])
    }
  }

  @Test func aModelThatChangesItselfIsNamed() throws {
    let program = Program { _, points in
      var answer = PipeAnswer(id: 0)
      answer.error = "the loss is not the same when it is evaluated again"
      answer.changed = ["embed.weight"]
      return (0, answer)
    }
    #expect {
      try PipeLosses(PipeConnection(program)).losses([point(1)])
    } throws: {
      "\($0)".hasSuffix("The evaluation itself changes embed.weight.")
    }
  }

  @Test func raisedPointsThatWereNotAskedForAreRefused() throws {
    let program = Program { _, points in
      var answer = PipeAnswer(id: 0)
      answer.losses = [1]
      answer.raised = ["7": "ValueError"]
      return (0, answer)
    }
    #expect {
      try PipeLosses(PipeConnection(program)).losses([point(1)])
    } throws: {
      "\($0)".contains("\"raised\" names the point 7")
    }
  }
}
