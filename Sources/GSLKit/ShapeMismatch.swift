/// Two shapes that had to agree and did not. Thrown, never trapped: one slip in a student's layer
/// must not take the whole test process down.
public struct ShapeMismatch: Error, Equatable, CustomStringConvertible {
  /// What was being done, such as "matrix product" or "dense layer \"decoder\"".
  public let operation: String
  /// What was given, such as "32 x 16".
  public let given: String
  /// What was expected instead, such as "32 x 64".
  public let expected: String
  /// What probably went wrong, or nil.
  public let hint: String?

  /// An error of shape.
  /// - Parameters:
  ///   - operation: what was to be done.
  ///   - given: what was given, in words.
  ///   - expected: what would have fitted.
  ///   - hint: what to look for; nil for nothing.
  public init(operation: String, given: String, expected: String, hint: String? = nil) {
    self.operation = operation
    self.given = given
    self.expected = expected
    self.hint = hint
  }

  /// One sentence: the operation, what was given, what was expected, and the hint.
  public var description: String {
    let base = "\(operation): got \(given), expected \(expected)."
    return hint.map { "\(base) \($0)" } ?? base
  }
}

/// A shape as people write it: "5 x 3" for a matrix, "5" for a vector.
package func shapeText(_ shape: [Int]) -> String {
  shape.map(String.init).joined(separator: " x ")
}
