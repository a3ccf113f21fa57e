import Testing

@testable import TiecheckCommands

@Suite struct ExitStatusTests {
  @Test func numbersAreFixed() {
    #expect(TiecheckCommands.ExitStatus(.pass).rawValue == 0)
    #expect(TiecheckCommands.ExitStatus(.fail).rawValue == 1)
    #expect(TiecheckCommands.ExitStatus(.inconclusive).rawValue == 2)
    #expect(TiecheckCommands.ExitStatus(.vacuous).rawValue == 2)
    #expect(TiecheckCommands.ExitStatus.usage.rawValue == 64)
    #expect(TiecheckCommands.ExitStatus.badInput.rawValue == 65)
    #expect(TiecheckCommands.ExitStatus.noInput.rawValue == 66)
    #expect(TiecheckCommands.ExitStatus.internalFault.rawValue == 70)
    #expect(TiecheckCommands.ExitStatus.noOutput.rawValue == 73)
  }

  @Test func nothingToSeeIsUndecided() {
    // All parameters zero: the gradient of the linear pair is zero, and so is any part of it.
    let text = """
      {"layers": [{"type": "dense", "kernel": "W"}, {"type": "dense", "kernel": "W", "transposed": true}],
       "loss": "mean_squared_error", "input": [[0.3, 0.9]], "target": [[0.4, 0.8]],
       "parameters": {"W": [[0, 0], [0, 0]]}}
      """
    #expect(tiecheck("check --optimizers sgd --model-file -", input: text).status == 2)
  }
}
