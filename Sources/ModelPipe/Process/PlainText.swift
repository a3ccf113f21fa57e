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
