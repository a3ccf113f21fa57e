/// Text from outside, such as a name in a model file, as it may be shown: nothing in it moves a cursor, ends a
/// line or turns the direction of what follows.
///
/// A line break or a tab becomes a space. Every other control or format character becomes a question mark;
/// the two joiners stay, because words of several scripts are not written without them.
/// - Parameter kept: characters that stay as they are, such as the line break in text of several lines.
package func harmless(_ text: some StringProtocol, keeping kept: String = "") -> String {
  guard text.unicodeScalars.contains(where: { harmlessScalar($0) != $0 }) else {
    return String(text)
  }
  let kept = kept.unicodeScalars
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    shown.append(kept.contains(scalar) ? scalar : harmlessScalar(scalar))
  }
  return String(shown)
}

/// What is shown for one scalar of a text from outside.
package func harmlessScalar(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
  if (0x20..<0x7F).contains(scalar.value) { return scalar }
  switch scalar.properties.generalCategory {
  case .control: return "\t\n\r\u{B}\u{C}\u{85}".unicodeScalars.contains(scalar) ? " " : "?"
  case .lineSeparator, .paragraphSeparator: return " "
  case .format: return scalar.value == 0x200C || scalar.value == 0x200D ? scalar : "?"
  default: return scalar
  }
}
