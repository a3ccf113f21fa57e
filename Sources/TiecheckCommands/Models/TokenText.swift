import Foundation
import GSLKit
import TiedLayers
import TiedModels

/// A text as tokens, for a model that says which word comes next.
///
/// A word is a run of letters, digits and apostrophes, in lower case. Token 0 is the padding; the words
/// follow by how often they occur, the more frequent first, equally frequent ones in the order of their
/// characters: the same text always has the same tokens. Paragraphs (blank lines between) are sequences
/// of their own.
struct TokenText {
  /// What stands where a context reaches over the beginning of its paragraph.
  static let padding = 0

  /// The word of each token; the padding has none.
  let words: [String]
  /// The tokens of the text, in order.
  private let tokens: [Int]
  /// For each of them, where its paragraph begins.
  private let starts: [Int]

  /// - Throws: `TextError` where there is nothing to learn from.
  init(_ text: String) throws {
    var spelled: [String] = []
    var starts: [Int] = []
    var start = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if line.allSatisfy(\.isWhitespace) { start = spelled.count }
      for word in line.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "'") }) {
        spelled.append(word.lowercased())
        starts.append(start)
      }
    }
    guard !spelled.isEmpty else { throw TextError("it holds no words; expected a text.") }
    let counts = Dictionary(grouping: spelled, by: { $0 }).mapValues(\.count)
    let sorted = counts.sorted { a, b in
      a.value == b.value
        ? a.key.unicodeScalars.lexicographicallyPrecedes(b.key.unicodeScalars) : a.value > b.value
    }
    words = [""] + sorted.map(\.key)
    let place = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
    tokens = spelled.map { place[$0]! }
    self.starts = starts
  }

  init(_ data: Data) throws {
    guard var text = String(validating: data, as: UTF8.self) else {
      throw TextError("it is not UTF-8 text. Save it as plain text in UTF-8.")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    try self.init(text)
  }

  /// The nursery rhyme that ships (see Resources/README.md).
  static func houseThatJackBuilt() throws -> TokenText { try TokenText(JackText.text) }

  /// How many words the text has: as many samples can be had.
  var count: Int { tokens.count }

  /// Words at random places, in the order in which they stand, each with those before it.
  /// - Returns: the contexts, rows x `context`, the nearest word last; and as label the word that
  ///   follows each.
  /// - Precondition: `rows` is at most `count`.
  func samples(_ rows: Int, context: Int, random: RandomSource) -> Samples {
    precondition(rows <= count, "\(rows) words of a text that has \(count)")
    var contexts = Matrix<Double>(
      rows: rows, columns: context, repeating: Double(Self.padding))
    var following: [Int] = []
    for (i, place) in random.permutation(of: count).prefix(rows).sorted().enumerated() {
      for t in 0..<context where place - context + t >= starts[place] {
        contexts[i, t] = Double(tokens[place - context + t])
      }
      following.append(tokens[place])
    }
    return Samples(contexts, labels: following)
  }
}

/// What is wrong with a text, in one sentence.
struct TextError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
