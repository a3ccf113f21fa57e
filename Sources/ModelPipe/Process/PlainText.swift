/// Bytes of a program as they may stand in a sentence.
func excerpt(_ bytes: some Sequence<UInt8>) -> String {
  let shown = Array(bytes.prefix(61))
  return plain(String(decoding: shown.prefix(60), as: UTF8.self), 60)
    + (shown.count > 60 ? "..." : "")
}

/// A program's words as they may be shown: no longer than so many scalars (of characters each may be as long as
/// it likes), and with nothing in them that moves a cursor or turns a line around.
package func plain(
  _ text: some StringProtocol, _ length: Int, keeping kept: String = ""
) -> String {
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars.prefix(length) {
    let isPlain =
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    shown.append(isPlain || kept.unicodeScalars.contains(scalar) ? scalar : "?")
  }
  return String(shown)
}

/// A program's sentence in one line, no longer than anybody reads, and with nothing in it but text.
func oneLine(_ sentence: String, _ length: Int = 2000) -> String {
  let line = sentence.prefix(4 * length).split(whereSeparator: \.isWhitespace)
    .joined(separator: " ")
  return plain(line, length)
}
