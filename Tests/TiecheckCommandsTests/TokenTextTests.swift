import Foundation
import GSLKit
import Testing

@testable import TiecheckCommands

@Suite struct TokenTextTests {
  @Test func wordsByFrequencyThenByTheirCharacters() throws {
    let text = try TokenText("The cat, the dog; THE end.\n\nIt's a cat 2\n")
    #expect(text.words == ["", "the", "cat", "2", "a", "dog", "end", "it's"])
    #expect(text.count == 10)
  }

  @Test func theRhymeThatShips() throws {
    let text = try TokenText.houseThatJackBuilt()
    #expect(text.words.count == 44)
    #expect(text.count == 382)
    #expect(text.words.prefix(4) == ["", "the", "that", "all"])
    #expect(text.words.contains("crumpled"))
  }

  /// All samples of a small text: contexts stop at the beginning of a paragraph.
  @Test func contextsDoNotReachIntoTheParagraphBefore() throws {
    let text = try TokenText("a b c\n \t\nb a\r\n\r\na")
    // a: 3 times, b: 2, c: 1.
    let samples = text.samples(6, context: 2, random: RandomSource(seed: 1))
    #expect(samples.values.nested == [[0, 0], [0, 1], [1, 2], [0, 0], [0, 2], [0, 0]])
    #expect(samples.labels == [1, 2, 3, 2, 1, 1])
  }

  @Test func theSameSeedGivesTheSameBatchAndAnotherAnother() throws {
    let text = try TokenText.houseThatJackBuilt()
    func batch(_ seed: UInt64) -> Matrix<Double> {
      text.samples(20, context: 3, random: RandomSource(seed: seed)).values
    }
    #expect(batch(1) == batch(1))
    #expect(batch(1) != batch(2))
  }

  @Test func whatIsNoTextIsRefused() {
    let empty = #expect(throws: TextError.self) { try TokenText(" \n?!\n") }
    #expect(empty?.description == "it holds no words; expected a text.")
    let binary = #expect(throws: TextError.self) { try TokenText(Data([0xFF, 0xFE, 0x00])) }
    #expect(binary?.description == "it is not UTF-8 text. Save it as plain text in UTF-8.")
    #expect(throws: Never.self) { try TokenText(Data("\u{FEFF}word".utf8)) }
  }
}
