import GSLKit
import TiedLayers

/// What a check could have seen at its point: for each bug that might be there, how large an effect
/// it would have had, over the smallest difference that would not have passed.
///
/// The gradient of a linear tied autoencoder at W = 0 or W = I is zero, and every one of the classic
/// bugs passes every check there. A check that could not have failed has not passed.
public struct Power: Codable, Sendable {
  /// One bug at one parameter.
  public struct Hypothesis: Codable, Equatable, Sendable {
    /// The parameter, by name.
    public let parameter: String
    /// In words, such as "decoder's path missing".
    public let hypothesis: String
    /// The largest |R_i| that it would cause, over the smallest that would not have passed at i.
    public let effectOverSensitivity: Double

    /// At less than ten times the sensitivity "this point cannot tell".
    public var canBeTold: Bool { effectOverSensitivity >= Power.needed }

    static let samplesMixed = Hypothesis(
      parameter: "", hypothesis: "samples mixed up, or one counted for another: all are equal",
      effectOverSensitivity: 0)

    enum CodingKeys: String, CodingKey {
      case parameter, hypothesis
      case effectOverSensitivity = "effect_over_sensitivity"
    }
  }

  static let needed = 10.0

  package let hypotheses: [Hypothesis]
  /// Parameters for which nothing could be told, where nothing that matters could: of the parameters that
  /// uses share, or of the kernels where none is shared. The check has then proved nothing.
  package let vacuousParameters: [String]
  /// The other parameters for which nothing could be told, such as the bias of attention's keys, whose
  /// gradient is zero by symmetry.
  package let zeroParameters: [String]

  /// What this point cannot tell.
  package var untold: [Hypothesis] { hypotheses.filter { !$0.canBeTold } }

  package init(gradient: GradientResult, tie: TieResult?) {
    var hypotheses: [Hypothesis] = []
    var untold: [String] = []
    let told = gradient.secondPoint?.told ?? []
    for tensor in gradient.parameters {
      let group = tie?.groups.first { $0.parameter == tensor.name }
      let own = Self.effects(on: tensor, group).map { name, effect in
        Hypothesis(
          parameter: tensor.name, hypothesis: name,
          effectOverSensitivity: Self.power(effect, of: tensor, rtol: gradient.rtol))
      }
      hypotheses += own
      if tensor.verdict != .fail, !told.contains(tensor.name), !own.contains(where: \.canBeTold) {
        untold.append(tensor.name)
      }
    }
    self.hypotheses = hypotheses
    let matters = Self.parametersThatMatter(gradient, tie)
    let isVacuous = matters.allSatisfy(untold.contains)
    vacuousParameters = isVacuous ? untold : []
    zeroParameters = isVacuous ? [] : untold
  }

  /// What a reader should know about a gradient that is zero.
  func remark(_ gradient: GradientResult) -> Remark? {
    guard !zeroParameters.isEmpty else { return nil }
    let names = zeroParameters.joined(separator: ", ")
    let place =
      gradient.secondPoint == nil ? "at this point" : "at this point and at one close to it"
    return Remark(
      about: "zero", parameters: zeroParameters,
      sentence:
        "the gradient of \(names) is zero \(place), as it is claimed to be; a claim that is a multiple "
        + "of the true one would be zero as well")
  }

  private static func parametersThatMatter(_ gradient: GradientResult, _ tie: TieResult?)
    -> [String]
  {
    let shared = (tie?.groups ?? []).map(\.parameter)
    let kernels = gradient.parameters.filter { $0.shape.count == 2 }.map(\.name)
    return [shared, kernels].first { !$0.isEmpty } ?? gradient.parameters.map(\.name)
  }

  /// The residual each applicable bug would leave, as in the table of diagnoses.
  private static func effects(on tensor: TensorResult, _ group: TieGroup?) -> [(String, [Double])] {
    let whole = tensor.measuredEntries.map(\.numeric)
    guard let group else {
      return [("gradient scaled (counted twice, or a mean for a sum)", whole)]
    }
    var effects: [(String, [Double])] = []
    for (path, use) in zip(group.measured, group.uses) {
      let contribution = path.entries.map(\.numeric)
      effects.append(("\(path.name)'s path missing", contribution))
      if use.transposed, tensor.shape.count == 2, tensor.shape[0] == tensor.shape[1],
        contribution.count == tensor.shape[0] * tensor.shape[1]
      {
        let turned = transposed(contribution, rows: tensor.shape[0], columns: tensor.shape[1])
        effects.append(
          ("\(path.name)'s path not transposed", zip(turned, contribution).map { $0 - $1 }))
      }
    }
    effects.append(("gradient counted twice", whole))
    effects.append(("paths averaged, not added", whole.map { $0 / 2 }))
    return effects
  }

  private static func power(_ effect: [Double], of tensor: TensorResult, rtol: Double) -> Double {
    var largest = 0.0
    for (effect, entry) in zip(effect, tensor.measuredEntries) {
      let detectable = entry.detectable(rtol: rtol)
      if abs(effect) > 0, detectable.isFinite {
        // Within its own error bound of zero an effect is not known to be one.
        let certain = max(abs(effect) - entry.bound, 0)
        largest = max(largest, certain / detectable)
      }
    }
    return largest
  }
}
