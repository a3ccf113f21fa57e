import GradientCheck
import TiedLayers

/// A piece of work for a student: what is asked, what it is worth, and how an answer is checked.
///
/// The tests of a course ask these checks in the student's own process, a grader asks the same ones from
/// outside. So a check is made of what both can have: an objective whose loss is the teacher's and whose
/// gradient is the student's.
public struct Exercise: Sendable {
  /// Short and without spaces, "dense-backward".
  package let id: String
  package let title: String
  /// The file in which the answer is written, "DenseBackward.swift".
  package let file: String
  package let checks: [Check]
  /// Whether a grader keeps from the student what it found, but for the points.
  package let isHidden: Bool

  /// An exercise.
  /// - Parameters:
  ///   - id: a short name, such as "sum-rule".
  ///   - title: what the student reads above it.
  ///   - file: the file of Sources/Layers that the student writes.
  ///   - checks: what is asked, with the points for each.
  ///   - isHidden: whether the exercise is only graded, and not among the student's tests.
  public init(
    id: String, title: String, file: String, checks: [Check], isHidden: Bool = false
  ) {
    self.id = id
    self.title = title
    self.file = file
    self.checks = checks
    self.isHidden = isHidden
  }

  /// What all checks together are worth.
  package var points: Int { checks.reduce(0) { $0 + $1.points } }

  /// One question to an answer. Its points are given or not: partial credit is for having several checks.
  public struct Check: Sendable {
    /// What is asked.
    public enum Question: Sendable {
      /// Is every entry of the gradient right?
      case gradient
      /// Do these layers share one kernel, and is its gradient the sum of what they contribute?
      case ties([String])
      /// Does the training move every parameter as the reference does, over so many steps?
      case updates(
        UpdateReference, steps: Int, makeTrainer: @Sendable () -> any Trainer)
    }

    /// Short, "kernel".
    package let name: String
    package let points: Int
    package let question: Question
    /// Makes the objective afresh: another seed, another point.
    package let makeObjective: @Sendable (_ seed: UInt64) throws -> any SummarizedObjective

    /// A check.
    /// - Parameters:
    ///   - name: a short name, such as "kernel".
    ///   - points: what it is worth.
    ///   - question: what is asked.
    ///   - makeObjective: makes the objective afresh at a point that depends on the seed. One that
    ///     says nothing of layers counts as one layer.
    public init(
      _ name: String, points: Int, _ question: Question,
      makeObjective: @escaping @Sendable (_ seed: UInt64) throws -> any Objective
    ) {
      self.name = name
      self.points = points
      self.question = question
      self.makeObjective = { seed in
        let objective = try makeObjective(seed)
        return objective as? any SummarizedObjective ?? OpaqueObjective(objective)
      }
    }

    /// The check as a case.
    /// - Parameters:
    ///   - model: where a report says it comes from.
    ///   - makeObjective: what is checked: the check's own objective, or one that stands for it in
    ///     another process.
    ///   - makeTrainer: in place of the question's own, where it asks for one.
    package func makeCase(
      named name: String, model: String, makeTrainer: (@Sendable () -> any Trainer)? = nil,
      _ makeObjective: @escaping () throws -> any SummarizedObjective
    ) -> CheckCase {
      switch question {
      case .gradient:
        CheckCase(name: name, model: model, scope: .gradient, makeObjective: makeObjective)
      case .ties(let layers):
        CheckCase(
          name: name, model: model, expectedTies: [layers], scope: .ties,
          makeObjective: makeObjective)
      case .updates(let reference, let steps, let own):
        CheckCase(
          name: name, model: model,
          subjects: [UpdateSubject(reference, makeTrainer: makeTrainer ?? own)], steps: steps,
          scope: .updates, makeObjective: makeObjective)
      }
    }
  }
}
