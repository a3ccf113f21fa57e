import ArgumentParser
import Testing
import TiedModels

@testable import TiecheckCommands

/// Options of every kind, one of which nobody has written into a command by hand.
private struct Sample: RepeatableOptions {
  @Option var title: String?
  @Option(transform: OptionValue.widths) var hiddenWidths: [Int]?
  @Option(transform: OptionValue.settings) var set: [String: Double]?
  @Option var half: Double?
  @Flag var isQuick = false
  @OptionGroup var checking: CheckingOptions
}

@Suite struct RepeatableOptionsTests {
  @Test func everyOptionComesBackAsItWasTyped() throws {
    let given = [
      "--title", "a b", "--hidden-widths", "3,4", "--set", "a=0.5,b=2", "--half", "0.5",
      "--is-quick",
      "--seed", "7", "--directions", "3",
    ]
    #expect(try Sample.parse(given).arguments == given)
  }

  @Test func whatWasNotGivenIsNotThere() throws {
    #expect(try Sample.parse([]).arguments.isEmpty)
    #expect(try Sample.parse(["--half", "2"]).arguments == ["--half", "2.0"])
  }

  /// The models name no option: what is typed is known here alone.
  @Test func choicesInASentenceAreWrittenAsTheyAreTyped() {
    let sentence: ChoiceSentence = """
      \(.option(.outputActivation)), \(.batch), \(.model("shared")), \(.data("random")), \
      \(.setting("uses=n"))
      """
    #expect(
      sentence.typed
        == "--output-activation, --batch, --model shared, --data random, --set uses=n")
  }
}
