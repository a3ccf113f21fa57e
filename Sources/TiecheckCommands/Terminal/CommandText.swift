/// A command line as a person would type it.
enum CommandText {
  /// - Parameter words: the program, the subcommand and its arguments.
  static func joined(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

  /// In single quotes where a shell would see more than letters.
  private static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        || "-_./,:=@%+".unicodeScalars.contains(scalar)
    }
    return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
  }
}
