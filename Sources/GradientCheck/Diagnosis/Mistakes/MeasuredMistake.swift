/// A mistake whose wrong gradient is no multiple of what the checks measure anyway: it is measured for
/// itself, and only where nothing else explains an error. The gallery hands more of them to a `CheckCase`.
package protocol MeasuredMistake: Sendable {
  /// What a gradient with this mistake would be, once for each place where it could be made; empty where
  /// the objective cannot have it, or there is too much to measure.
  /// - Parameters:
  ///   - tensor: the check of the parameter with this number, at the objective's present point.
  func wrongGradients(
    _ objective: any PathObjective, _ tensor: TensorResult, parameter: Int
  ) throws -> [WrongGradient]
}

/// The mistakes of a first backward pass, which need no tie.
let ordinaryMistakes: [any MeasuredMistake] = [ActivationDerivative(), OneSampleOnly()]

/// A gradient as one mistake would have it.
package struct WrongGradient: Equatable, Sendable {
  /// The name of the diagnosis.
  package let id: String
  /// The part of the right gradient that is missing from it, in words.
  package let label: String
  /// What is wrong, for a person.
  package let sentence: String
  /// Entry by entry, in row order, as accurate as the check's own measurement.
  package let values: [Double]

  package init(id: String, label: String, sentence: String, values: [Double]) {
    self.id = id
    self.label = label
    self.sentence = sentence
    self.values = values
  }
}
