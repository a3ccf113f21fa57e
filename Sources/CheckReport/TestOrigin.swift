/// The test that made a record.
public struct TestOrigin: Codable, Equatable, Sendable {
  /// Module and file, "LayersTests/DenseTests.swift": no folder of the machine's.
  public let file: String
  /// The function that asked, such as "gradientOfTheKernel()".
  public let function: String
  public let line: Int
  public let column: Int
  /// The same for all processes of one `swift test`.
  public let run: String

  public init(file: String, function: String, line: Int, column: Int, run: String) {
    self.file = file
    self.function = function
    self.line = line
    self.column = column
    self.run = run
  }

  /// "LayersTests/DenseTests.swift:12".
  public var place: String { "\(file):\(line)" }

  /// The order of a report: by file and place in it.
  func precedes(_ other: TestOrigin) -> Bool {
    if file != other.file { return file < other.file }
    return (line, column, function) < (other.line, other.column, other.function)
  }
}

/// A check that gave no result: what it checked threw an error, or the process ended in it.
public struct BrokenCheck: Codable, Equatable, Sendable {
  public let name: String
  /// Where it was asked for.
  public let place: String
  /// What happened.
  public let sentence: String

  public init(name: String, place: String, sentence: String) {
    self.name = name
    self.place = place
    self.sentence = sentence
  }

  /// What the code under check threw.
  public init(name: String, place: String, threw error: any Error) {
    let text = "\(error)"
    // The case of an enumeration, or a type's name, is no sentence.
    self.init(
      name: name, place: place,
      sentence: CaseSentences.asSentence(
        text.contains(" ") ? text : "the code that is checked threw \(text)"))
  }
}
