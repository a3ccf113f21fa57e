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
    let handout = Handout(tempting: "", formula: "", swift: "", keras: "", pytorch: "")
    let source = ""
    let convictor = Convictor.gradient
    let diagnosis = "missing-path"
  }

  @Test func whatChangesNothingIsNotConvicted() throws {
    let trial = try FaultTrial(Harmless(), seed: 1)
    #expect(trial.hearing.right.verdict == .pass)
    #expect(trial.hearing.verdict == .pass)
    #expect(!trial.hearing.isSettled)
  }

  /// Most faults are shown where nothing hides; what needs a square kernel gets one.
  @Test func theModelIsSquareOnlyWhereItMustBe() throws {
    #expect(try FaultTrial(Doubled(), seed: 1).arguments.prefix(2) == ["--features", "6"])
    #expect(try FaultTrial(Untransposed(), seed: 1).arguments.prefix(2) == ["--features", "4"])
  }
}
