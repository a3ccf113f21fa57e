/// One recorded line, as what it accepts: itself; with "[..]", anything there; and where numbers have a
/// tolerance, numbers near its own.
struct OutputPattern {
  private enum Element: Equatable {
    case text(Character)
    /// A number and how it is written.
    case number(Double, [Character])
    /// One space or more before a number: its column moves when the number gets a sign.
    case spaces
    case anything
  }

  static let elision = "[..]"

  private let elements: [Element]
  private let tolerance: Tolerance

  init(_ line: String, tolerance: Tolerance) {
    self.tolerance = tolerance
    let characters = Array(line)
    let elided = Array(Self.elision)
    var elements: [Element] = []
    var index = 0
    while index < characters.count {
      if characters[index...].starts(with: elided) {
        if elements.last != .anything { elements.append(.anything) }
        index += elided.count
        continue
      }
      if !tolerance.isExact {
        // "0.12[..]" is the beginning of a number, not one.
        if let (value, end) = Self.number(in: characters, at: index),
          !characters[end...].starts(with: elided), elements.last != .anything
        {
          elements.append(.number(value, Array(characters[index..<end])))
          index = end
          continue
        }
        let end = characters[index...].firstIndex { $0 != " " } ?? characters.count
        if end > index, Self.number(in: characters, at: end) != nil {
          elements.append(.spaces)
          index = end
          continue
        }
      }
      elements.append(.text(characters[index]))
      index += 1
    }
    self.elements = elements
  }

  /// Whether the line is one that the pattern accepts, from its beginning to its end. Follows every
  /// way to match at once, so that no pattern takes more than its length times the line's.
  func accepts(_ line: String) -> Bool {
    let characters = Array(line)
    var reached = [Bool](repeating: false, count: characters.count + 1)
    reached[0] = true
    for element in elements {
      var next = [Bool](repeating: false, count: characters.count + 1)
      for position in reached.indices where reached[position] {
        switch element {
        case .text(let character):
          if position < characters.count, characters[position] == character {
            next[position + 1] = true
          }
        case .number(let value, let written):
          if characters[position...].starts(with: written) { next[position + written.count] = true }
          if let (other, end) = Self.number(in: characters, at: position),
            tolerance.accepts(other, for: value)
          {
            next[end] = true
          }
        case .spaces:
          var end = position
          while end < characters.count, characters[end] == " " {
            end += 1
            next[end] = true
          }
        case .anything:
          for end in position...characters.count { next[end] = true }
        }
        if element == .anything { break }
      }
      reached = next
    }
    return reached[characters.count]
  }

  /// The number that is written at a place: digits, with a sign, a point and an exponent if there are
  /// any, and no letter, digit or point on either side ("h2" and "1.2.3" are names).
  static func number(in characters: [Character], at start: Int) -> (Double, end: Int)? {
    func isDigit(_ index: Int) -> Bool {
      index < characters.count && characters[index].isASCII && characters[index].isNumber
    }
    func isWord(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || character == "_" || character == "."
    }
    if start > 0, isWord(characters[start - 1]) { return nil }
    var end = start
    if end < characters.count, characters[end] == "-" || characters[end] == "+" { end += 1 }
    guard isDigit(end) else { return nil }
    while isDigit(end) { end += 1 }
    if end < characters.count, characters[end] == ".", isDigit(end + 1) {
      end += 1
      while isDigit(end) { end += 1 }
    }
    if end < characters.count, characters[end] == "e" || characters[end] == "E" {
      var exponent = end + 1
      if exponent < characters.count, characters[exponent] == "-" || characters[exponent] == "+" {
        exponent += 1
      }
      if isDigit(exponent) {
        while isDigit(exponent) { exponent += 1 }
        end = exponent
      }
    }
    if end < characters.count, isWord(characters[end]) {
      // A full stop may end a sentence.
      guard characters[end] == ".", !isDigit(end + 1) else { return nil }
    }
    return Double(String(characters[start..<end])).map { ($0, end) }
  }
}
