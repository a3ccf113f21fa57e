import GSLKit
import GradientCheck
import TiedLayers

/// An optimizer in a program: it computes its own gradients and steps by them.
///
/// The program takes all steps at once, from the point where the first is asked for; this hands its
/// parameters out step by step.
final class PipeTrainer: Trainer {
  private let objective: PipeObjective
  private let optimizer: String
  private let steps: Int
  private var way: PipeObjective.Steps?
  private var taken = 0

  init(_ objective: PipeObjective, optimizer: String, steps: Int) {
    self.objective = objective
    self.optimizer = optimizer
    self.steps = steps
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    if way == nil { way = try objective.steps(steps, optimizer: optimizer) }
    for (parameter, values) in zip(parameters, way!.parameters[taken]) { parameter.flat = values }
    taken += 1
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
  var stateSlots: Int { way?.states ?? 0 }
  var takesContributions: Bool { false }
  var countsStates: Bool { way?.states != nil }
}

extension PipeObjective {
  /// The program's optimizers, each with the reference for the rule that it names.
  /// - Parameter steps: how many will be asked for.
  package func updateSubjects(steps: Int) -> [UpdateSubject] {
    guard capabilities.contains(.steps) else { return [] }
    // The check that makes the trainers runs on the thread that owns the objective.
    nonisolated(unsafe) let objective = self
    return (description.optimizers ?? []).compactMap { optimizer in
      guard var reference = optimizer.reference else { return nil }
      // Where the checker's values are Doubles the model's own steps are still rounded.
      if measuresInDouble {
        reference.unitRoundoff = max(reference.unitRoundoff, gradientUnitRoundoff)
      }
      return UpdateSubject(
        reference, frozen: Frozen(parameters: untrained(by: optimizer)), named: optimizer.name
      ) {
        PipeTrainer(objective, optimizer: optimizer.name, steps: max(steps, 1))
      }
    }
  }

  /// What an optimizer leaves where it is: what it is told to, what it does not hold, and what has no
  /// gradient.
  private func untrained(by optimizer: PipeDescription.OptimizerDescription) -> Set<String> {
    var names = Set(optimizer.frozen ?? [])
    for parameter in description.parameters {
      let isHeld = optimizer.holds?.contains(parameter.name) ?? true
      if parameter.unused == true || !isHeld { names.insert(parameter.name) }
    }
    return names
  }
}

extension PipeDescription.OptimizerDescription {
  /// nil for a rule that there is no reference for.
  var reference: UpdateReference? {
    guard whyNotCompared == nil, var reference = rates.reference(rule) else { return nil }
    if let norm = clip?.norm { reference = reference.clipped(to: norm) }
    if precision == "float" { reference.unitRoundoff = Float.unitRoundoff }
    return reference
  }

  /// In a few words; nil where it is compared.
  var whyNotCompared: String? {
    if let notCompared { return oneLine(notCompared) }
    guard rates.reference(rule) != nil else {
      return rates.hasModifier
        ? "there is no reference for the rule \"\(rule)\" with these options"
        : "there is no reference for the rule \"\(rule)\""
    }
    if clip?.value != nil { return "there is no reference for gradients that are cut one by one" }
    return groups == nil ? nil : "its groups have options of their own"
  }
}

extension PipeDescription.OptimizerDescription.Rates {
  fileprivate var hasModifier: Bool {
    [maximize, amsgrad, decoupled].contains(true) || (weightDecay ?? 0) != 0
      || stabilizerPlace != nil
  }

  /// nil for a rule, or options, that there is no reference for.
  func reference(_ rule: String) -> UpdateReference? {
    guard let rate = learningRate,
      let place = UpdateReference.StabilizerPlace(rawValue: stabilizerPlace ?? "root"),
      ![maximize, amsgrad].contains(true)
    else { return nil }
    let (decay, beta1, beta2) = (weightDecay ?? 0, beta1 ?? 0.9, beta2 ?? 0.999)
    let rule = rule == "adam" && decoupled == true ? "adamw" : rule
    guard decoupled != true || decay == 0 || rule == "adamw" else { return nil }
    switch rule {
    case "sgd":
      guard let momentum, momentum != 0 else {
        return .sgd(learningRate: rate, weightDecay: decay)
      }
      return nesterov == true
        ? .nesterov(learningRate: rate, momentum: momentum, weightDecay: decay)
        : .momentum(learningRate: rate, momentum: momentum, weightDecay: decay)
    case "rmsprop":
      guard decay == 0, place != .uncorrected else { return nil }
      return .rmsprop(
        learningRate: rate, smoothing: smoothing ?? 0.99, stabilizer: stabilizer ?? 1e-8,
        stabilizerPlace: place)
    case "adam", "adamw":
      guard place != .inside else { return nil }
      return rule == "adam"
        ? .adam(
          learningRate: rate, weightDecay: decay, beta1: beta1, beta2: beta2,
          stabilizer: stabilizer ?? 1e-8, stabilizerPlace: place)
        : .adamw(
          learningRate: rate, weightDecay: decay, beta1: beta1, beta2: beta2,
          stabilizer: stabilizer ?? 1e-8, stabilizerPlace: place)
    default: return nil
    }
  }
}
