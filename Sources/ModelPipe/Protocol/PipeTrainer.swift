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
      guard let reference = optimizer.reference else { return nil }
      return UpdateSubject(
        reference, frozen: Frozen(parameters: Set(optimizer.frozen ?? [])), named: optimizer.name
      ) {
        PipeTrainer(objective, optimizer: optimizer.name, steps: max(steps, 1))
      }
    }
  }
}

extension PipeDescription.OptimizerDescription {
  /// nil for a rule that there is no reference for.
  var reference: UpdateReference? {
    var reference = exactReference
    if precision == "float" { reference?.unitRoundoff = Float.unitRoundoff }
    return reference
  }

  private var exactReference: UpdateReference? {
    guard let rate = learningRate,
      let place = UpdateReference.StabilizerPlace(rawValue: stabilizerPlace ?? "root")
    else { return nil }
    let (decay, beta1, beta2) = (weightDecay ?? 0, beta1 ?? 0.9, beta2 ?? 0.999)
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
