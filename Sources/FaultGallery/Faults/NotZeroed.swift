import GSLKit
import GradientCheck
import TiedLayers

/// Gradients of earlier batches that are still there.
package struct NotZeroed: Fault {
  package let id = "not-zeroed"
  package let summary =
    "the gradients of the last batch are still in the buffers when the next one is added"
  package let lesson =
    "Accumulating is right within a batch, over uses, and wrong from one batch to the next. The first step is "
    + "right, so a test of one step passes: the second one moves by the sum of two gradients. Zero the "
    + "buffers at each step, or begin each batch with fresh ones."
  package let source = "every course; PyTorch's documentation of zero_grad"
  package let convictor = Convictor.updates
  package let diagnosis = "not-zeroed"
  package let firstBatch = 2
  package let explanation = FaultExplanation(
    tempting:
      "It looks like momentum without friction, and the loss goes down faster at first.",
    formula:
      "step n moves by A(G_1 + ... + G_n) instead of by A(G_n)",
    swift: """
      var gradients = Gradients<Double>()   // fresh for each batch: there is no zero_grad to forget
      """,
    keras: """
      with tf.GradientTape() as tape: ...   # a new tape for each batch
      grads = tape.gradient(loss, variables)
      """,
    pytorch: """
      for x in batches:
        opt.zero_grad()          # right: before backward
        model_loss(x).backward()
        opt.step()
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    guard subject.reference.clippingNorm == nil else { return subject }
    return subject.replacingTrainer { Accumulating(subject.makeTrainer()) }
  }
}

/// Adds to what each layer contributes all that it has contributed before.
private final class Accumulating: Trainer {
  private let trainer: any Trainer
  private var sums: [LayerContribution] = []

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let before = sums
    sums = contributions.enumerated().map { l, contribution in
      guard l < before.count else { return contribution }
      let gradients = zip(contribution.gradients, before[l].gradients).map { own, earlier in
        own.map { own in earlier.map { zip(own, $0).map(+) } ?? own } ?? earlier
      }
      return LayerContribution(layer: contribution.layer, gradients: gradients)
    }
    try trainer.step(parameters, contributions: sums)
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
