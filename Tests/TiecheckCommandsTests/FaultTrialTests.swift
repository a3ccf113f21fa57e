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
    let source = ""
    let convictor = Convictor.gradient
    let diagnosis: String? = nil
  }

  @Test func theWrongCheckDoesNotSettleIt() throws {
    // Its id puts a fault in that the gradient check cannot see.
    let trial = try FaultTrial(Harmless(), seed: 1)
    #expect(trial.wrong.verdict == .fail)
    #expect(trial.verdict == .pass)
    #expect(!trial.isSettled)
  }
}
