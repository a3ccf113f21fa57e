import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct ModelOptionsTests {
  /// What is given, and words of the sentence that answers.
  @Test(arguments: [
    ("--features 0", "whole number of at least 1"),
    ("--features -4", "whole number of at least 1"),
    ("--features 4.5", "whole number of at least 1"),
    ("--features 99999999999999999999", "whole number of at least 1"),
    ("--batch -3", "'-3' is invalid for '--batch"),
    ("--batch 0", "whole number of at least 1"),
    ("--hidden 16,,8", "a width is missing"),
    ("--hidden 0", "\"0\" is not a width"),
    ("--hidden 8,-2", "\"-2\" is not a width"),
    ("--hidden a", "\"a\" is not a width"),
    ("--seed -1", "whole number of at least 0"),
    ("--seed x", "whole number of at least 0"),
    ("--steps 0", "from 1 to 1000"),
    ("--steps 1000000000", "from 1 to 1000"),
    ("--rtol 0", "above 0 and below 1"),
    ("--rtol nan", "above 0 and below 1"),
    ("--rtol -1e-6", "above 0 and below 1"),
    ("--rtol inf", "above 0 and below 1"),
    ("--alpha 1", "above 0 and below 1"),
    ("--alpha nan", "above 0 and below 1"),
    ("--activation foo", "'identity', 'tanh', 'sigmoid', 'relu' or 'softplus'"),
    ("--output-activation foo", "'identity', 'tanh'"),
    ("--loss foo", "binary_cross_entropy"),
    ("--estimator foo", "gsl-central"),
    ("--model foo", "original-as-written"),
    ("--optimizers sgd,foo", "\"foo\" is not an optimizer; expected some of sgd, momentum"),
    ("--optimizers sgd,sgd", "named twice"),
    ("--optimizers sgd,", "\"\" is not an optimizer"),
    ("--fault foo", "detached-copy, frozen-copy"),
    ("--set steps", "is not a setting; expected a name and a number"),
    ("--set steps=a", "is not a setting"),
    ("--set steps=1,steps=2", "steps is set twice"),
    ("--set steps=4", "--set steps does not go with --model tied-autoencoder"),
    ("--format foo", "'text', 'markdown' or 'json'"),
  ])
  func badValues(option: String, words: String) {
    expectRefusal(tiecheck("check \(option)"), 64, [words])
  }

  @Test(arguments: ["check", "summary", "report -o -"])
  func theSameOptionsAreReadByEveryCommand(command: String) {
    expectRefusal(tiecheck("\(command) --hidden 8,-2"), 64, ["\"-2\" is not a width"])
    expectRefusal(tiecheck("\(command) --set steps=4"), 64, ["does not go with --model"])
  }

  @Test(arguments: [
    "--model original", "--features 4", "--hidden 3", "--batch 2", "--activation relu",
    "--output-activation identity", "--loss mean_squared_error", "--bias-shared", "--untied",
    "--data digits",
    "--untied",
  ])
  func modelFileSaysEverything(option: String) {
    let name = option.split(separator: " ")[0]
    expectRefusal(
      tiecheck("check --model-file x.json \(option)"), 64,
      ["--model-file and \(name) contradict each other"])
  }

  @Test(arguments: ["--features 6", "--hidden 5", "--activation tanh", "--output-activation tanh"])
  func theOriginalIsWhatItIs(option: String) {
    for model in ["original", "original-as-written"] {
      expectRefusal(tiecheck("check --model \(model) \(option)"), 64, ["5 -> 5 -> 5"])
    }
  }

  @Test func faultsThatDoNotGo() {
    expectRefusal(
      tiecheck("check --model original-as-written --fault frozen-copy"), 64,
      ["has the fault detached-copy already"])
    for fault in ["detached-copy", "stepped-twice"] {
      expectRefusal(
        tiecheck("check --model untied-autoencoder --fault \(fault)"), 64,
        ["needs two uses of one kernel"])
      expectRefusal(
        tiecheck("check --untied --fault \(fault)"), 64, ["needs two uses of one kernel"])
    }
  }

  @Test func argumentsComeBack() throws {
    let given = [
      "--model", "tied-autoencoder", "--features", "6", "--hidden", "4,3", "--batch", "5",
      "--activation", "relu", "--output-activation", "sigmoid", "--loss", "binary_cross_entropy",
      "--bias-shared", "--untied",
      "--data", "random", "--seed", "9", "--precision", "float", "--witness", "double", "--rtol",
      "0.001", "--alpha", "0.1", "--estimator", "gsl-central", "--directions", "2",
      "--second-order",
      "--optimizers", "sgd,adam", "--steps", "3",
    ]
    let options = try ModelOptions.parse(given)
    #expect(options.arguments == given)
    #expect(try ModelOptions.parse(options.arguments).arguments == given)
    #expect(
      try ModelOptions.parse(["--model-file", "x.json"]).arguments == ["--model-file", "x.json"])
  }

  @Test func settingsAreTaken() throws {
    let settings = try ModelOptions.parse([
      "--seed", "9", "--rtol", "0.001", "--alpha", "0.1", "--estimator", "gsl-central",
      "--optimizers", "adam,sgd-weight-decay", "--steps", "3",
    ]).settings
    #expect(settings.options.seed == 9)
    #expect(settings.options.rtol == 0.001)
    #expect(settings.options.alpha == 0.1)
    #expect(settings.options.estimator == .gslCentral)
    #expect(settings.subjects.map(\.name) == ["adam", "sgd_weight_decay"])
    #expect(settings.steps == 3)
  }

  @Test func aFloatModelIsMeasuredInDoubleUnlessItsOwnLossesAreAskedFor() throws {
    func witness(_ options: String...) throws -> WitnessPrecision {
      try ModelOptions.parse(options).settings.witness
    }
    #expect(try witness() == .own)
    #expect(try witness("--witness", "auto") == .own)
    #expect(try witness("--precision", "float") == .double)
    #expect(try witness("--precision", "float", "--witness", "auto") == .double)
    #expect(try witness("--precision", "float", "--witness", "own") == .own)
    expectRefusal(tiecheck("check --witness double"), 64, ["goes with --precision float"])
  }

  @Test func onlyAModelOptionClosesTheModel() throws {
    for open in [[], ["--seed", "3"], ["--rtol", "0.01"], ["--steps", "2"]] {
      #expect(try ModelOptions.parse(open).leavesModelOpen)
    }
    for closed in [["--batch", "3"], ["--fault", "detached-copy"], ["--model-file", "-"]] {
      #expect(try !ModelOptions.parse(closed).leavesModelOpen)
    }
  }
}
