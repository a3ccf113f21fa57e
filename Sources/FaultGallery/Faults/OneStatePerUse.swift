import GSLKit
import GradientCheck
import TiedLayers

/// One optimizer state for each use.
package struct OneStatePerUse: Fault {
  package let id = "one-state-per-use"
  package let summary =
    "the optimizer keeps a state for each use of the shared kernel"
  package let lesson =
    "SGD and momentum cannot show it: they are linear, and two states over one tensor add up to "
    + "one. Adam divides by the root of the second moment, and A(G_enc) + A(G_dec) is not A(G_enc "
    + "+ G_dec). State belongs to the parameter's identity, not to the layer."
  package let source = "tensorflow#5786"
  package let convictor = Convictor.updates
  package let diagnosis = "state-per-use"
  package let alike = ["aliased-storage"]
  package let explanation = FaultExplanation(
    tempting:
      "A layer that owns its weights may as well own its optimizer.",
    formula:
      "W moves by A(G_enc) + A(G_dec^T) instead of A(G_enc + G_dec^T)",
    swift: """
      private var state: [ObjectIdentifier: Moments] = [:]   // by Parameter, not by layer
      """,
    keras: """
      encoder_optimizer = keras.optimizers.Adam()   # wrong: one for each layer
      decoder_optimizer = keras.optimizers.Adam()
      optimizer = keras.optimizers.Adam()           # right: one for the model
      """,
    pytorch: """
      opts = [Adam(m.parameters()) for m in (encoder, decoder)]   # wrong: two states for W
      opt = Adam(model.parameters())                              # right
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer { StatePerUse(subject.makeTrainer) }
  }
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
