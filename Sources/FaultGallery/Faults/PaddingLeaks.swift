import GSLKit
import GradientCheck
import TiedLayers

/// The padding row of a tied table is moved through the output projection.
package struct PaddingLeaks: Fault {
  package let id = "padding-leaks"
  package let summary =
    "the padding row of a tied table is kept fixed in the lookup, and moved by the output projection"
  package let lesson =
    "An embedding with a padding index drops the gradient of that row, its own. Tied to the output "
    + "projection the row gets a gradient there too: the padding is a word like any other to the "
    + "softmax. Fixed is a matter of the parameter, not of one of its uses."
  package let source = "ParlAI#1129"
  package let convictor = Convictor.updates
  package let diagnosis = "padding-leaks"
  package let explanation = FaultExplanation(
    tempting:
      "padding_idx promises that the row is not updated, and it is not, until the table is shared.",
    formula:
      "row p of E moves by row p of G_dec^T, and by weight decay; it must not move at all",
    swift: """
      Parameter("E", table, fixedRows: [0])   // whatever use a gradient comes from
      """,
    keras: """
      e = Embedding(vocabulary, d, mask_zero=True)   # masks the lookup alone
      logits = matmul(h, transpose(e.embeddings))    # wrong: row 0 learns here
      # right: after each step
      e.embeddings.assign(tensor_scatter_nd_update(e.embeddings, [[0]], padding_row))
      """,
    pytorch: """
      e = nn.Embedding(vocabulary, d, padding_idx=0)   # drops the lookup's gradient alone
      logits = F.linear(h, e.weight, c)                # wrong: row 0 learns here
      e.weight.register_hook(lambda g: g.index_fill(0, torch.tensor([0]), 0))   # right,
      # with an optimizer that does not decay: a zero gradient does not stop weight decay
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let uses = chain.layers.flatMap { $0.slots.map { ObjectIdentifier($0.parameter) } }
    guard
      chain.parameters.contains(where: { parameter in
        !parameter.fixedRows.isEmpty && uses.count { $0 == ObjectIdentifier(parameter) } > 1
      })
    else {
      throw FaultNotApplicable(
        id, needs: "a shared table with a padding row", instead: "Choose --model embedding.")
    }
    return chain
  }

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer { LeakingPadding(subject.makeTrainer()) }
  }
}

/// Drops what the first use of a parameter contributes to its fixed rows, and forgets that they are
/// fixed.
private final class LeakingPadding: Trainer {
  private let trainer: any Trainer

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    var contributions = contributions
    for (p, parameter) in parameters.enumerated() {
      guard let first = contributions.firstIndex(where: { $0.gradients[p] != nil }) else {
        continue
      }
      var gradients = contributions[first].gradients
      gradients[p] = gradients[p].map(parameter.moving)
      contributions[first] = LayerContribution(
        layer: contributions[first].layer, gradients: gradients)
    }
    let fixed = parameters.map(\.fixedRows)
    for parameter in parameters { parameter.fixedRows = [] }
    defer {
      for (parameter, rows) in zip(parameters, fixed) { parameter.fixedRows = rows }
    }
    try trainer.step(parameters, contributions: contributions)
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { trainer.state(of: parameter) }
  var stateSlots: Int { trainer.stateSlots }
}
