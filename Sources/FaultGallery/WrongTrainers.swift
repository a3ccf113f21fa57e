import GSLKit
import GradientCheck
import TiedLayers

/// Which parameters more than one layer uses.
private func sharedParameters(
  _ parameters: [any AnyParameter], _ contributions: [LayerContribution]
) -> [Bool] {
  parameters.indices.map { p in
    contributions.count { $0.gradients[p] != nil } > 1
  }
}

/// Calls the optimizer once for each layer that uses the shared kernel, each time with the whole
/// gradient.
final class SteppingTwice: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    try trainer.step(parameters, contributions: contributions)
    let shared = sharedParameters(parameters, contributions)
    let again = parameters.indices.filter { shared[$0] }
    guard !again.isEmpty else { return }
    try trainer.step(
      again.map { parameters[$0] },
      contributions: contributions.map { contribution in
        LayerContribution(
          layer: contribution.layer, gradients: again.map { contribution.gradients[$0] })
      })
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}

/// Keeps an optimizer for each layer: a shared kernel is stepped by each of them, with that layer's
/// contribution and a state of its own.
final class StatePerUse: Trainer {
  private let makeTrainer: () -> any Trainer
  private var trainers: [String: any Trainer] = [:]
  private var layers: [String] = []

  init(_ makeTrainer: @escaping () -> any Trainer) { self.makeTrainer = makeTrainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    for contribution in contributions {
      if trainers[contribution.layer] == nil {
        trainers[contribution.layer] = makeTrainer()
        layers.append(contribution.layer)
      }
      let used = parameters.indices.filter { contribution.gradients[$0] != nil }
      try trainers[contribution.layer]!.step(
        used.map { parameters[$0] },
        contributions: [
          LayerContribution(
            layer: contribution.layer, gradients: used.map { contribution.gradients[$0] })
        ])
    }
  }

  /// What all states together remember: for a linear optimizer, what one would.
  func state(of parameter: any AnyParameter) -> [String: [Double]] {
    layers.reduce(into: [:]) { total, layer in
      total.merge(trainers[layer]!.state(of: parameter)) { zip($0, $1).map { $0 + $1 } }
    }
  }

  var stateSlots: Int { trainers.values.reduce(0) { $0 + $1.stateSlots } }
}

/// Applies the weight decay once more for every further use of a parameter, before the step.
final class DecayingPerUse: Trainer {
  private let trainer: any Trainer
  private let learningRate: Double
  private let decay: Double

  init(_ trainer: any Trainer, learningRate: Double, decay: Double) {
    self.trainer = trainer
    self.learningRate = learningRate
    self.decay = decay
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    for p in parameters.indices where shared[p] {
      parameters[p].flat = parameters[p].flat.map { $0 * (1 - learningRate * decay) }
    }
    try trainer.step(parameters, contributions: contributions)
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}

/// One update for each layer that uses the kernel.
public struct SteppedTwice: Fault {
  public let id = "stepped-twice"
  public let summary = "the update is called once for each layer that uses the shared kernel"
  public let lesson =
    "The gradient of a shared kernel already holds what both layers contribute. Walking over layers to "
    + "update \"their\" weights steps the shared one twice a batch. Walk over parameters, each once."
  public let source = "keras-cv#1887; torch7#716"
  public let convictor = Convictor.updates
  public let diagnosis: String? = nil

  public init() {}

  public func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    UpdateSubject(subject.reference, makeTrainer: { SteppingTwice(subject.makeTrainer()) })
  }
}

/// One optimizer state for each use.
public struct OneStatePerUse: Fault {
  public let id = "one-state-per-use"
  public let summary = "the optimizer keeps a state for each use of the shared kernel"
  public let lesson =
    "SGD and momentum cannot show it: they are linear, and two states over one tensor add up to one. "
    + "Adam divides by the root of the second moment, and A(G_enc) + A(G_dec) is not A(G_enc + G_dec). "
    + "State belongs to the parameter's identity, not to the layer."
  public let source = "tensorflow#5786"
  public let convictor = Convictor.updates
  public let diagnosis: String? = nil

  public init() {}

  public func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    UpdateSubject(subject.reference, makeTrainer: { StatePerUse(subject.makeTrainer) })
  }
}

/// Weight decay for each use.
public struct DecayPerAlias: Fault {
  public let id = "decay-per-alias"
  public let summary = "weight decay is applied once for each use of the shared kernel"
  public let lesson =
    "A kernel listed under two names decays twice: L2 by 2 lambda W, decoupled decay by "
    + "(1 - rate lambda)^2. Decay over the list of parameters, each once."
  public let source = "returnn#1319"
  public let convictor = Convictor.updates
  public let diagnosis: String? = nil

  public init() {}

  public func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    let reference = subject.reference
    guard reference.weightDecay != 0 else { return subject }
    return UpdateSubject(
      reference,
      makeTrainer: {
        DecayingPerUse(
          subject.makeTrainer(), learningRate: reference.learningRate,
          decay: reference.weightDecay)
      })
  }
}
