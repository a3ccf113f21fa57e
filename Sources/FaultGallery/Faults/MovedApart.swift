import GSLKit
import GradientCheck
import TiedLayers

/// A conversion that goes layer by layer.
package struct MovedApart: Fault {
  package let id = "moved-apart"
  package let summary =
    "converting the precision layer by layer makes two parameters of one"
  package let lesson =
    "Whatever rebuilds a model (another precision, another device, a deep copy, quantisation) "
    + "must convert each parameter once and remember what it has made of it. Count the parameters "
    + "before and after."
  package let source = "pytorch-lightning#2705; Flux#1504"
  package let convictor = Convictor.structure
  package let diagnosis = "moved-apart"
  package let explanation = FaultExplanation(
    tempting:
      "Each layer knows how to convert itself.",
    formula:
      "W becomes W1 and W2, equal until the first step",
    swift: """
      let single: Chain<Float> = try chain.converted()   // remembers each Parameter it has met
      """,
    keras: """
      half = keras.models.clone_model(model)   # wrong: each layer from its own config
      assert len(half.weights) == len(model.weights)   # fails: 5 for 3
      """,
    pytorch: """
      self.decoder.weight = copy.deepcopy(self.encoder.weight)   # wrong: apart
      model = copy.deepcopy(model)                               # right: deepcopy remembers
      assert model.head.weight is model.embedding.weight         # ask again after every .to()
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.requireTiedLayers(for: id, else: "What one layer uses several times stays together.")
    return chain
  }

  package func wrong(_ handling: ModelHandling) -> ModelHandling {
    var wrong = handling
    wrong.convert = { chain in
      Chain<Float>(try chain.layers.flatMap { try Chain([$0]).converted(to: Float.self).layers })
    }
    return wrong
  }
}
