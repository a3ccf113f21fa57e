/// A sentence about choices, in which what was chosen stands as what it is: how a choice is typed is known
/// to the command line alone.
///
///     "\(.option(.hidden)) has 2 widths, and \(.model("shared")) takes one."
package struct ChoiceSentence: ExpressibleByStringInterpolation, Equatable, Sendable {
  /// A word of the sentence.
  package enum Part: Equatable, Sendable {
    case text(String)
    case choice(Choice)
  }

  /// What can be chosen.
  package enum Choice: Equatable, Sendable {
    case option(ModelOption)
    /// Rows of the batch.
    case batch
    /// A model by its name.
    case model(String)
    /// Data by their name.
    case data(String)
    /// Numbers of the model's own: "uses=n,run=1", or the name of one alone.
    case setting(String)
  }

  package let parts: [Part]

  package init(stringLiteral text: String) { parts = [.text(text)] }

  package init(stringInterpolation interpolation: StringInterpolation) {
    parts = interpolation.parts
  }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}
    package mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }
    package mutating func appendInterpolation(_ choice: Choice) { parts.append(.choice(choice)) }
    package mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      parts.append(.text(value.description))
    }
  }

  /// The sentence, with every choice written in the reader's way.
  package func text(_ written: (Choice) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .choice(let choice): written(choice)
      }
    }.joined()
  }
}

/// Choices that do not fit a model, or each other.
package struct ModelChoiceError: Error, Equatable, CustomStringConvertible {
  /// What was chosen, what was expected, and what to do.
  package let sentence: ChoiceSentence

  package init(_ sentence: ChoiceSentence) { self.sentence = sentence }

  /// The sentence, with every choice by its own name.
  package var description: String {
    sentence.text { choice in
      switch choice {
      case .option(let option): option.rawValue
      case .batch: "batch"
      case .model(let name): name
      case .data(let name): name
      case .setting(let numbers): numbers
      }
    }
  }
}
