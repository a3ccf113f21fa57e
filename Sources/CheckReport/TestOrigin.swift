/// The test that made a record.
package struct TestOrigin: Codable, Equatable, Sendable {
  /// Module and file, "LayersTests/DenseTests.swift": no folder of the machine's.
  package let file: String
  /// The function that asked, such as "gradientOfTheKernel()".
  package let function: String
  package let line: Int
  package let column: Int
  /// The same for all processes of one `swift test`.
  package let run: String

  package init(file: String, function: String, line: Int, column: Int, run: String) {
    self.file = file
    self.function = function
    self.line = line
    self.column = column
    self.run = run
  }

  /// "LayersTests/DenseTests.swift:12".
  package var place: String { "\(file):\(line)" }

  /// The order of a report: by file and place in it.
  func precedes(_ other: TestOrigin) -> Bool {
    if file != other.file { return file < other.file }
    return (line, column, function) < (other.line, other.column, other.function)
  }
}

/// A check that gave no result: what it checked threw an error, or the process ended in it.
package struct BrokenCheck: Codable, Equatable, Sendable {
  package let name: String
  /// Where it was asked for.
  package let place: String
  /// What happened.
  package let sentence: String

  package init(name: String, place: String, sentence: String) {
    self.name = name
    self.place = place
    self.sentence = sentence
  }

  /// What the code under check threw.
  package init(name: String, place: String, threw error: any Error) {
    let text = "\(error)"
    // The case of an enumeration, or a type's name, is no sentence.
    self.init(
      name: name, place: place,
      sentence: CaseSentences.asSentence(
        text.contains(" ") ? text : "the code that is checked threw \(text)"))
  }
}
