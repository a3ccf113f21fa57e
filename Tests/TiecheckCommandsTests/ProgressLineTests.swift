import Testing

@testable import TiecheckCommands

@Suite struct ProgressLineTests {
  private let command = "check --features 12 --hidden 6 --batch 3 --optimizers sgd --steps 1"

  @Test func onTerminalsAloneAndTakenAwayAtTheEnd() {
    #expect(tiecheck(command).error.isEmpty)
    #expect(tiecheck(command, outputTerminal: true).error.isEmpty)
    #expect(tiecheck(command + " --quiet", errorTerminal: true).error.isEmpty)
    let run = tiecheck(command, errorTerminal: true)
    #expect(run.error.contains(" % of "))
    #expect(run.error.hasSuffix("\r\u{1B}[K"))
    #expect(run.data == tiecheck(command).data)
  }

  @Test func theTimeLeftIsSaidInWholeSecondsOrMinutes() {
    #expect(ProgressLine.text(timeLeft: .milliseconds(900)).isEmpty)
    #expect(ProgressLine.text(timeLeft: .seconds(75)) == ", about 75 s left")
    #expect(ProgressLine.text(timeLeft: .seconds(185)) == ", about 3 min left")
  }
}
