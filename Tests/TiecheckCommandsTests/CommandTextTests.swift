import Testing

@testable import TiecheckCommands

@Suite struct CommandTextTests {
  @Test func quotesWhatAShellWouldSee() {
    #expect(CommandText.joined(["tiecheck", "--hidden", "24,8"]) == "tiecheck --hidden 24,8")
    #expect(CommandText.joined(["--data", "my data.csv"]) == "--data 'my data.csv'")
    #expect(CommandText.joined(["it's", "$HOME", ""]) == "'it'\\''s' '$HOME' ''")
  }
}
