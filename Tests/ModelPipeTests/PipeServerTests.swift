import Foundation
import GradientCheck
import Testing

@testable import ModelPipe

@Suite struct PipeServerTests {
  private func answer(_ question: String) throws -> String? {
    try PipeServer(pair()).answer(Data(question.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func questionsThatAreRefused() throws {
    #expect(try answer("hello")?.contains(#""error":"this is not a question of"#) == true)
    #expect(try answer(#"{"id":3,"ask":"weather"}"#)?.contains(#""id":3"#) == true)
    #expect(try answer(#"{"id":3,"ask":"weather"}"#)?.contains("no question") == true)
    for set in [
      #"{"parameter":9,"to":[1]}"#, #"{"parameter":0,"to":[1]}"#,
      #"{"parameter":0,"at":[99],"to":[1]}"#, #"{"parameter":0,"at":[1],"to":[1,2]}"#,
    ] {
      let answer = try answer(#"{"id":3,"ask":"losses","points":[{"set":[\#(set)]}]}"#)
      #expect(answer?.contains("error") == true, "\(set)")
    }
    #expect(try answer(#"{"id":3,"ask":"steps","optimizer":"sgd"}"#)?.contains("error") == true)
  }

  @Test func nothingIsKeptFromOneQuestionToTheNext() throws {
    let objective = try pair()
    let server = PipeServer(objective)
    let start = objective.parameters.map(\.flat)
    func ask(_ question: String) throws -> Data? { try server.answer(Data(question.utf8)) }
    let before = try ask(#"{"id":1,"ask":"losses","points":[{}]}"#)
    _ = try ask(
      #"{"id":1,"ask":"losses","points":[{"set":[{"parameter":0,"at":[0],"to":[9]}]},{}]}"#)
    _ = try ask(#"{"id":1,"ask":"gradient","point":{"set":[{"parameter":1,"to":[1,2,3,4,5]}]}}"#)
    _ = try ask(
      #"{"id":1,"ask":"losses","points":[{"set":[{"parameter":0,"at":[0,-1],"to":[9,9]}]}]}"#)
    #expect(objective.parameters.map(\.flat) == start)
    #expect(try ask(#"{"id":1,"ask":"losses","points":[{}]}"#) == before)
    #expect(try ask(#"{"id":9,"ask":"bye"}"#) == nil)
  }

  /// What a model throws becomes an answer.
  @Test func aModelThatThrows() throws {
    struct NotSolved: Error {}
    let server = PipeServer(
      FunctionObjective(at: [1], loss: { _ in throw NotSolved() }, gradient: { $0 }))
    let answer = try server.answer(Data(#"{"id":2,"ask":"losses","points":[{}]}"#.utf8))
    #expect(String(decoding: answer!, as: UTF8.self).contains(#""error":"NotSolved()""#))
  }
}
