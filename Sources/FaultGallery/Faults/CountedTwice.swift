import GSLKit
import GradientCheck
import TiedLayers

/// A summary that adds up layers.
package struct CountedTwice: Fault {
  package let id = "counted-twice"
  package let summary =
    "the summary adds the shared kernel once for each layer that uses it"
  package let lesson =
    "Half the point of tying is to have fewer parameters. A total that is added up over layers "
    + "does not show it; count the distinct ones."
  package let source = "pytorch-summary#37"
  package let convictor = Convictor.structure
  package let diagnosis = "counted-twice"
  package let explanation = FaultExplanation(
    tempting:
      "The table has a column of numbers, and a total is the sum of a column.",
    formula:
      "total = sum over layers > number of distinct scalars",
    swift: """
      uniqued(layers.flatMap(\\.parameters)).reduce(0) { $0 + $1.count }
      """,
    keras: """
      sum(layer.count_params() for layer in model.layers)   # wrong: W twice
      model.count_params()                                   # right: each variable once
      """,
    pytorch: """
      sum(p.numel() for m in layers for p in m.parameters())   # wrong: W twice
      sum(p.numel() for p in model.parameters())               # right: each once
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.requireTiedLayers(for: id, else: "A layer counts what it uses several times once.")
    return chain
  }

  package func wrong(_ handling: ModelHandling) -> ModelHandling {
    var wrong = handling
    wrong.summarize = { chain, input in
      let right = try handling.summarize(chain, input)
      return ModelSummary(
        layers: right.layers, totalParameters: right.sumOverLayers,
        sumOverLayers: right.sumOverLayers)
    }
    return wrong
  }
}
