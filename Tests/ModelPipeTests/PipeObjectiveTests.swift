import Foundation
import GradientCheck
import Testing
import TiedLayers

@testable import ModelPipe

@Suite struct PipeObjectiveTests {
  @Test func aModelBehindAPipeIsTheModel() throws {
    func compare(_ direct: any Objective, _ served: any Objective) throws {
      let piped = try PipeObjective(Loopback(PipeServer(served)))
      #expect(piped.parameters.map(\.name) == direct.parameters.map(\.name))
      #expect(piped.parameters.map(\.shape) == direct.parameters.map(\.shape))
      #expect(piped.parameters.map(\.flat) == direct.parameters.map(\.flat))
      #expect(piped.gradientUnitRoundoff == direct.gradientUnitRoundoff)
      #expect(try piped.value() == direct.value())
      #expect(try piped.gradients() == direct.gradients())
      // This program has no losses in Double; the model beside it is not to use its own either.
      var options = CheckOptions(
        rtol: CheckOptions.defaultTolerance(unitRoundoff: direct.gradientUnitRoundoff))
      options.measuresInDouble = false
      let (found, expected) = (
        try GradientChecker(options).check(piped), try GradientChecker(options).check(direct)
      )
      #expect(found.noise == expected.noise)
      #expect(found.parameters.map(\.entries) == expected.parameters.map(\.entries))
      #expect(piped.parameters.map(\.flat) == direct.parameters.map(\.flat))
    }
    try compare(pair(), pair())
    try compare(pair(as: Float.self), pair(as: Float.self))
  }

  @Test func onlyWhatDiffersIsSent() throws {
    let loopback = Loopback(PipeServer(try pair()))
    let piped = try PipeObjective(loopback)
    _ = try piped.value()
    #expect(loopback.questions.last == #"{"ask":"losses","id":2,"points":[{}]}"#)
    let saved = piped.parameters[0][3]
    piped.parameters[0][3] = 0.5
    _ = try piped.value()
    #expect(
      loopback.questions.last?.contains(#""set":[{"at":[3],"parameter":0,"to":[0.5]}]"#) == true)
    piped.parameters[0][3] = saved
    _ = try piped.value()
    #expect(loopback.questions.last?.contains("set") == false)
    piped.parameters[1].flat = [1, 2, 3, 4, 5]
    _ = try piped.value()
    #expect(
      loopback.questions.last?.contains(#""set":[{"parameter":1,"to":[1,2,3,4,5]}]"#) == true)
  }

  @Test func stepsAreThoseOfTheOptimizer() throws {
    let served = try pair()
    let piped = try PipeObjective(
      Loopback(
        PipeServer(served, trainings: [.init("adam", makeOptimizer: { Adam(learningRate: 0.01) })]))
    )
    #expect(piped.capabilities == [.gradient, .use, .gradientByUse, .steps])
    let direct = try pair()
    let trainer = OptimizerTrainer(Adam(learningRate: 0.01))
    let expected = try (0..<3).map { _ in
      try trainer.step(direct.parameters, contributions: UpdateCheck().contributions(direct))
      return direct.parameters.map(\.flat)
    }
    let steps = try piped.steps(3, optimizer: "adam")
    #expect(steps.parameters == expected)
    #expect(steps.states == 3)
    // Again from the start, with fresh state.
    #expect(try piped.steps(3, optimizer: "adam").parameters == expected)
    #expect(throws: PipeError.refused("steps", "there is no optimizer \"sgd\"")) {
      try piped.steps(1, optimizer: "sgd")
    }
  }

  // MARK: Programs that do not keep to the protocol

  private static let good = #"""
    {"id":1,"protocol":"tiecheck-pipe/1","parameters":[{"name":"w","shape":[2],"values":[1,2]}],"can":["gradient"]}
    """#

  private func described(_ change: (String, String)...) -> String {
    change.reduce(Self.good) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  @Test func aDescriptionIsRead() throws {
    let piped = try PipeObjective(
      Script(
        described(), #"{"id":2,"losses":[0.5]}"#, #"{"id":3,"losses":["nan"]}"#,
        #"{"id":4,"losses":[NaN]}"#, #"{"id":5,"losses":["-inf"]}"#,
        #"{"id":6,"gradient":[[1,Infinity]]}"#, #"{"id":7,"gradient":[null]}"#))
    #expect(piped.parameters[0].flat == [1, 2])
    #expect(try piped.value() == 0.5)
    #expect(try piped.value().isNaN)
    #expect(try piped.value().isNaN)
    #expect(try piped.value() == -.infinity)
    #expect(try piped.gradients() == [[1, .infinity]])
    #expect(try piped.gradients() == [nil])
  }

  @Test func descriptionsThatAreRefused() throws {
    #expect(
      try refusal("Epoch 1/5").contains("answered the question \"describe\" with \"Epoch 1/5\""))
    #expect(try refusal("").contains("expected one line of JSON"))
    #expect(try refusal("[1]").contains("expected one line of JSON"))
    #expect(try refusal(#"{"id":1,"error":"no model"}"#).contains("no model"))
    #expect(try refusal(described(("pipe/1", "pipe/2"))).contains("tiecheck-pipe/2"))
    #expect(try refusal(described((#""id":1"#, #""id":4"#))).contains("answered question 4"))
    #expect(try refusal(described(("[1,2]", "[1,2,3]"))).contains("w has 3 values"))
    #expect(try refusal(described(("[1,2]", "[1,NaN]"))).contains("not finite"))
    #expect(try refusal(described((#""shape":[2]"#, #""shape":[-2]"#))).contains("shape [-2]"))
    #expect(
      try refusal(described((#""shape":[2]"#, #""shape":[9000000000000000000,3]"#)))
        .contains("more than can be counted"))
    #expect(
      try refusal(described((#""values":[1,2]"#, #""x":0"#))).contains("\"parameters[0].values\""))
    #expect(try refusal(described(("[1,2]", "\"a\""))).contains("\"parameters[0].values"))
    #expect(try refusal(described((#""can""#, #""precision":"half","can""#))).contains("\"half\""))
    #expect(try refusal(described((#""name":"w""#, #""name":"""#))).contains("a parameter's name"))
    #expect(
      try refusal(described((#""can""#, #""uses":[{"layer":"a","parameter":3}],"can""#)))
        .contains("a uses parameter 3"))
    #expect(
      try refusal(
        described((#""can""#, #""uses":[{"layer":"a","parameter":0,"transposed":true}],"can""#))
      ).contains("a uses w transposed"))
    #expect(
      try refusal(described((#"{"name":"w","shape":[2],"values":[1,2]}"#, ""))).contains("no par"))
  }

  /// What a program says reaches a terminal, and nothing in it may be a command to one.
  @Test func wordsThatAreNoTextAreRefused() throws {
    let forged = #"x\u001b[2J\nPASS"#
    for description in [
      described((#""name":"w""#, #""name":"\#(forged)""#)),
      described((#""can""#, #""name":"\#(forged)","can""#)),
      described((#""can""#, #""loss":"\#(forged)","can""#)),
      described((#""can""#, #""ties":[["a","\#(forged)"]],"can""#)),
      described((#""can""#, #""uses":[{"layer":"\#(forged)","parameter":0}],"can""#)),
      described((#""can""#, #""uses":[{"layer":"a","parameter":0,"slot":"\#(forged)"}],"can""#)),
      described((#""can""#, #""layers":[{"name":"a","type":"\#(forged)"}],"can""#)),
      described((#""can""#, #""optimizers":[{"name":"a","rule":"\#(forged)"}],"can""#)),
      described((#""name":"w""#, #""name":"w\u202e""#)),
    ] {
      #expect(try refusal(description).contains("holds characters that are no text"))
      #expect(try !refusal(description).contains("\u{1B}"))
    }
    #expect(try refusal(described((#""name":"w""#, #""name":"Gewicht größer 重み""#))) == "")
    let piped = try PipeObjective(Script(described(), #"{"id":2,"error":"a\n\u001b[2Jb"}"#))
    #expect(throws: PipeError.refused("losses", "a ?[2Jb")) { try piped.value() }
  }

  /// Nonsense in an optimizer would become a verdict on the training.
  @Test func ratesThatAreNoneAreRefused() throws {
    func refusal(_ optimizer: String) throws -> String {
      try self.refusal(
        described((#""can""#, #""optimizers":[{"name":"o",\#(optimizer)}],"can""#)))
    }
    #expect(try refusal(#""rule":"sgd","learning_rate":"nan""#).contains("the learning_rate nan"))
    #expect(try refusal(#""rule":"sgd","learning_rate":1,"momentum":"inf""#).contains("momentum"))
    #expect(try refusal(#""rule":"adam","learning_rate":1,"beta1":1"#).contains("the beta1 1.0"))
    #expect(try refusal(#""rule":"adam","learning_rate":1,"beta2":-0.1"#).contains("beta2"))
    #expect(try refusal(#""rule":"adam""#).contains("the optimizer o has no \"learning_rate\""))
    #expect(
      try refusal(#""rule":"adam","learning_rate":1,"stabilizer_place":"nowhere""#)
        .contains("\"nowhere\"; expected root, inside or uncorrected"))
    #expect(try refusal(#""rule":"sgd","learning_rate":1,"precision":"half""#).contains("half"))
    #expect(try refusal(#""rule":"adam","learning_rate":1,"beta1":0"#) == "")
    // What there is no reference for may have what it likes.
    #expect(try refusal(#""rule":"lion""#) == "")
    // A Float model's values are those of a Float.
    #expect(try self.refusal(described(("[1,2]", "[1,1e200]"))) == "")
    #expect(
      try self.refusal(
        described(("[1,2]", "[1,1e200]"), (#""can""#, #""precision":"float","can""#))
      )
      .contains("not finite"))
  }

  /// Why a description is refused; empty where it is taken.
  private func refusal(_ description: String) throws -> String {
    let script = Script(description)
    do {
      _ = try PipeObjective(script)
      return ""
    } catch let error as PipeError {
      #expect(script.isEnded)
      return "\(error)"
    }
  }

  @Test func answersThatAreRefused() throws {
    func refusal(_ line: String, _ ask: (PipeObjective) throws -> Void) throws -> String {
      let script = Script(described(), line)
      let piped = try PipeObjective(script)
      do {
        try ask(piped)
        return ""
      } catch {
        return "\(script.isEnded) \(error)"
      }
    }
    let value = { (piped: PipeObjective) in _ = try piped.value() }
    let gradient = { (piped: PipeObjective) in _ = try piped.gradients() }
    #expect(try refusal("loss: 0.3", value).contains("true the program answered"))
    #expect(try refusal(#"{"id":1,"losses":[1]}"#, value).contains("question 2 was asked"))
    #expect(try refusal(#"{"id":2,"losses":[1,2]}"#, value).contains("2 numbers; expected 1"))
    #expect(try refusal(#"{"id":2}"#, value).contains("0 numbers; expected 1"))
    #expect(try refusal(#"{"id":2,"losses":"a"}"#, value).contains("\"losses\" has another type"))
    #expect(try refusal(#"{"id":2,"losses":["a"]}"#, value).contains("losses[0]"))
    #expect(try refusal(#"{"id":2,"gradient":[]}"#, gradient).contains("0 lists; expected 1"))
    // What the program says of itself ends nothing.
    #expect(
      try refusal(#"{"id":2,"error":"division by zero"}"#, value)
        .contains("false the program did not answer the question \"losses\": division by zero"))
    #expect(
      try refusal("", { _ = try $0.steps(1, optimizer: "sgd") })
        .contains("it does not list \"steps\" in \"can\""))
  }

  /// What a program says may be as long as a message.
  @Test func whatAProgramSaysIsCutWhereItIsShown() {
    let long = String(repeating: "x\u{1B}", count: 100_000)
    for error in [
      PipeError.refused("losses", long), .otherProtocol(long), .malformed("describe", long),
    ] {
      #expect(error.description.utf8.count < 2500 && !error.description.contains("\u{1B}"))
    }
    #expect(PipeError.refused("losses", "line 1\nline 2").description.hasSuffix("line 1\nline 2"))
  }

  /// A gradient of another length is compared with nothing: nobody knows which number stands for which.
  @Test func aGradientOfAnotherLengthIsRefused() throws {
    let piped = try PipeObjective(Loopback(PipeServer(WrongLength(try pair()))))
    #expect {
      try piped.gradients()
    } throws: {
      "\($0)".contains("the gradient claimed for kernel has 1 numbers; expected 25")
    }
  }
}

/// Claims one number for the first parameter.
private final class WrongLength: Objective {
  let right: any Objective
  init(_ right: any Objective) { self.right = right }
  var parameters: [any AnyParameter] { right.parameters }
  func value() throws -> Double { try right.value() }
  func gradients() throws -> [[Double]?] { [[1]] + (try right.gradients().dropFirst()) }
}
