import GSLKit
import GradientCheck
import TiedLayers

/// A twin that is refreshed after the step, and so is one step late.
package struct OneBehind: Fault {
  package let id = "one-behind"
  package let summary =
    "the decoder's copy of the kernel is refreshed after the step, so its contribution is one step old"
  package let lesson =
    "Copying the kernel into the second layer after each update looks like a tie with a small delay. The "
    + "delay is an update: what the decoder contributes belongs to the point before, at every step but the "
    + "first. Share the parameter, and there is nothing to refresh."
  package let source = "our own; target networks do it on purpose"
  package let convictor = Convictor.updates
  package let diagnosis = "one-behind"
  package let firstBatch = 2
  package let explanation = FaultExplanation(
    tempting:
      "After training the two kernels agree but for one step, and the first step is right.",
    formula:
      "step n moves by A(G_enc(W_n) + G_dec^T(W_(n-1))) instead of by A(G(W_n))",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: c)   // nothing to refresh
      """,
    keras: """
      class Refresh(keras.callbacks.Callback):          # wrong: one batch late
        def on_train_batch_end(self, batch, logs=None):
          decoder.kernel.assign(keras.ops.transpose(encoder.kernel))
      y = keras.ops.matmul(h, keras.ops.transpose(encoder.kernel))   # right
      """,
    pytorch: """
      decoder.weight.data.copy_(encoder.weight.t())   # wrong: after each step
      y = F.linear(h, encoder.weight.t(), c)          # right
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    guard subject.reference.clippingNorm == nil, !subject.frozen.firstUse else { return subject }
    return subject.replacingTrainer { LastUseLate(subject.makeTrainer()) }
  }
}

/// Takes, of each shared parameter, what its last use contributed to the batch before.
private final class LastUseLate: Trainer {
  private let trainer: any Trainer
  private var before: [Int: [Double]] = [:]

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    var given = contributions
    for p in parameters.indices where shared[p] {
      let last = contributions.indices.last { contributions[$0].gradients[p] != nil }!
      var gradients = given[last].gradients
      if let late = before[p] { gradients[p] = late }
      before[p] = contributions[last].gradients[p]
      given[last] = LayerContribution(layer: given[last].layer, gradients: gradients)
    }
    try trainer.step(parameters, contributions: given)
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
