import FaultGallery
import GradientCheck
import Testing
import TiedLayers

@testable import TiecheckCommands

@Suite struct FaultTrialTests {
  /// A fault that changes nothing must not be called convicted.
  private struct Harmless: Fault {
    let id = "stepped-twice"
    let summary = ""
    let lesson = ""
    let explanation = FaultExplanation(tempting: "", formula: "", swift: "", keras: "", pytorch: "")
    let source = ""
    let convictor = Convictor.gradient
    let diagnosis = "missing-path"
  }

  @Test func whatChangesNothingIsNotConvicted() throws {
    let trial = try FaultTrial(Harmless(), seed: 1)
    #expect(trial.check.right.verdict == .pass)
    #expect(trial.check.verdict == .pass)
    #expect(!trial.check.isSettled)
  }

  /// Most faults are shown where nothing hides; what needs a square kernel gets one.
  @Test func theModelIsSquareOnlyWhereItMustBe() throws {
    #expect(try FaultTrial(Doubled(), seed: 1).arguments.prefix(2) == ["--features", "6"])
    #expect(try FaultTrial(Untransposed(), seed: 1).arguments.prefix(2) == ["--features", "4"])
    #expect(
      try FaultTrial(ImmediateOnly(), seed: 1).arguments.prefix(2) == ["--model", "recurrent"])
  }

  /// What the command line makes of a model of the gallery is that model.
  @Test(arguments: GalleryModel.all) func everyModelOfTheGalleryCanBeTyped(model: GalleryModel)
    throws
  {
    let options = try ModelOptions.parse(FaultTrial.arguments(model) + ["--data", "random"])
    let objective = try options.prepared(for: .check).makeRight()
    let own = try model.make(1)
    #expect(objective.network.chain.layers.map(\.kind) == own.network.chain.layers.map(\.kind))
    #expect(objective.parameters.map(\.shape) == own.parameters.map(\.shape))
    #expect(objective.uses.map(\.name) == own.uses.map(\.name))
    #expect(objective.input.shape == own.input.shape)
    #expect(objective.network.loss == own.network.loss)
  }
}
