/// Thrown by an exercise that waits for its answer.
public struct NotSolved: Error, CustomStringConvertible {
  private let exercise: String
  private let task: String

  /// - Parameters:
  ///   - exercise: its name, as in the README.
  ///   - task: what to write, and where.
  public init(_ exercise: String, _ task: String) {
    self.exercise = exercise
    self.task = task
  }

  /// The exercise, and what to write.
  public var description: String { "Not solved yet: \(exercise). \(task)" }
}
