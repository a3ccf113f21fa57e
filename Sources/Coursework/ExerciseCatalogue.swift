import GradientCheck

/// What a grader must know of exercises that are compiled into another process: everything about them
/// but their objectives.
package struct ExerciseCatalogue: Codable, Equatable, Sendable {
  package let exercises: [Entry]

  package init(_ exercises: [Exercise]) {
    self.exercises = exercises.map(Entry.init)
  }

  package struct Entry: Codable, Equatable, Sendable {
    package let id: String
    package let title: String
    package let file: String
    package let isHidden: Bool
    package let checks: [Check]

    init(_ exercise: Exercise) {
      id = exercise.id
      title = exercise.title
      file = exercise.file
      isHidden = exercise.isHidden
      checks = exercise.checks.map(Check.init)
    }
  }

  package struct Check: Codable, Equatable, Sendable {
    package let name: String
    package let points: Int
    package let question: Question

    init(_ check: Exercise.Check) {
      name = check.name
      points = check.points
      question =
        switch check.question {
        case .gradient: .gradient
        case .ties(let layers): .ties(layers)
        case .updates(let reference, let steps, _): .updates(reference.recipe, steps: steps)
        }
    }
  }

  /// `Exercise.Check.Question` without what only the student's process has.
  package enum Question: Codable, Equatable, Sendable {
    case gradient
    case ties([String])
    case updates(UpdateReference.Recipe, steps: Int)
  }

  /// What is wrong with it, in a sentence; nil if nothing is.
  package var flaw: String? {
    guard !exercises.isEmpty else { return "there are no exercises" }
    var names: Set<String> = []
    for exercise in exercises {
      guard !exercise.checks.isEmpty else { return "\(exercise.id) has no checks" }
      for check in exercise.checks {
        guard names.insert("\(exercise.id): \(check.name)").inserted else {
          return "there are two checks called \(exercise.id): \(check.name)"
        }
        guard check.points >= 0 else {
          return "\(exercise.id): \(check.name) is worth \(check.points) points"
        }
      }
    }
    return nil
  }
}
