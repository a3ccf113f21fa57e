import TiedLayers

/// Ways to train that cannot be checked as they were described.
public struct UpdateSubjectProblem: Error, Equatable, CustomStringConvertible {
  /// What was given, what was expected, and what to do.
  public let description: String

  /// nil where there is nothing wrong.
  init?(_ subjects: [UpdateSubject], _ parameters: [any AnyParameter]) {
    let known = Set(parameters.map(\.name))
    var names: Set<String> = []
    for subject in subjects {
      if !names.insert(subject.name).inserted {
        description =
          "two optimizers are called \(subject.name); expected a name of its own for each, because "
          + "results are told by it."
        return
      }
      if let ghost = subject.frozen.parameters.subtracting(known).sorted().first {
        description =
          "the optimizer \(subject.name) is said to freeze \(ghost), and the model has no parameter of "
          + "that name; it has \(parameters.map(\.name).joined(separator: ", "))."
        return
      }
      if let problem = subject.reference.recipe.problem {
        description = "the optimizer \(subject.name) has \(problem)."
        return
      }
    }
    return nil
  }
}

extension UpdateReference.Recipe {
  /// The first number that no optimizer can have, and what was expected of it; nil if there is none.
  var problem: String? {
    switch self {
    case .sgd(let rate, let decay):
      return Self.problem(rate, decay: decay)
    case .momentum(let rate, let momentum, let decay),
      .nesterov(let rate, let momentum, let decay):
      return Self.problem(rate, decay: decay) ?? Self.outOfUnit("momentum", momentum)
    case .rmsprop(let rate, let smoothing, let stabilizer, _):
      return Self.problem(rate, decay: 0) ?? Self.outOfUnit("smoothing", smoothing)
        ?? Self.negative("stabilizer", stabilizer)
    case .adam(let rate, let decay, let beta1, let beta2, let stabilizer, _),
      .adamw(let rate, let decay, let beta1, let beta2, let stabilizer, _):
      return Self.problem(rate, decay: decay) ?? Self.outOfUnit("beta1", beta1)
        ?? Self.outOfUnit("beta2", beta2) ?? Self.negative("stabilizer", stabilizer)
    case .clipped(let inner, let norm):
      guard norm > 0 else { return "a clipping norm of \(norm); expected one above 0" }
      return inner.problem
    }
  }

  private static func problem(_ rate: Double, decay: Double) -> String? {
    negative("learning rate", rate) ?? negative("weight decay", decay)
  }

  private static func negative(_ what: String, _ value: Double) -> String? {
    value.isFinite && value >= 0
      ? nil : "a \(what) of \(value); expected a finite number that is not negative"
  }

  /// Averages forget: with 1 they would never take anything in, and beyond it they would grow.
  private static func outOfUnit(_ what: String, _ value: Double) -> String? {
    value >= 0 && value < 1 ? nil : "a \(what) of \(value); expected one from 0 to below 1"
  }
}
