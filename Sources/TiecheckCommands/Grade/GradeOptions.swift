import ArgumentParser
import CheckReport
import CourseGrading

extension GradeFormat: ExpressibleByArgument {
  init(_ format: OutputFormat) {
    switch format {
    case .text: self = .text
    case .markdown: self = .markdown
    case .json: self = .json
    }
  }
}

extension OptionValue {
  /// A number of MiB.
  @Sendable static func mebibytes(_ text: String) throws -> Int {
    try whole(text, in: 64...(1 << 24), example: 2048)
  }

  /// How many things are done at a time.
  @Sendable static func jobs(_ text: String) throws -> Int {
    try whole(text, in: 1...256, example: 2)
  }

  /// A program and its arguments, with spaces between.
  @Sendable static func command(_ text: String) throws -> [String] {
    let words = text.split(separator: " ").map(String.init)
    guard !words.isEmpty else {
      throw ValidationError("expected a program and its arguments, such as 'bwrap --unshare-all'.")
    }
    return words
  }

  /// A part and how many there are: "2/5".
  @Sendable static func shard(_ text: String) throws -> Shard {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1,
      (1...count).contains(number)
    else {
      throw ValidationError("expected a part and how many there are, such as 1/4 up to 4/4.")
    }
    return Shard(number: number, count: count)
  }
}
