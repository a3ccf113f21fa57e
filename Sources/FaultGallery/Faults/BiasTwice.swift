import GSLKit
import GradientCheck
import TiedLayers

/// A bias that is linked and also added.
package struct BiasTwice: Fault {
  package let id = "bias-twice"
  package let summary =
    "the decoder adds its bias twice, forward and backward alike"
  package let lesson =
    "The model is consistent with itself: it is another model, with a right gradient. Only "
    + "somebody who computes the output independently can object. A gradient check is no check of "
    + "the forward pass."
  package let source = "transformers#2957"
  package let convictor = Convictor.structure
  package let diagnosis = "bias-twice"
  package let explanation = FaultExplanation(
    tempting:
      "The bias is linked so that resizing finds it, and the layer that it is linked into has "
      + "one already.",
    formula:
      "y = h W^T + 2 c; by the chain rule the gradient of c is doubled too, rightly",
    swift: """
      output.addToEachRow(bias.values)   // once
      """,
    keras: """
      self.dense = keras.layers.Dense(n)     # adds a bias of its own
      return self.dense(h) + self.dense.bias   # wrong: adds it again
      return self.dense(h)                     # right
      """,
    pytorch: """
      self.decoder = nn.Linear(d, n)          # adds self.decoder.bias
      return self.decoder(h) + self.bias       # wrong if self.bias is self.decoder.bias
      return self.decoder(h)                   # right
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    let (_, last) = try chain.tiedPair(for: id)
    guard chain.layers[last].biases.count == 1 else {
      throw FaultNotApplicable(
        id, needs: "a second use in a layer that adds one bias, once",
        instead: "Give it one, or choose another model.")
    }
    var twin = chain
    twin.layers[last] = TwiceBiased(layer: try chain.activatedLayer(last, for: id))
    return twin
  }
}

/// Adds its bias twice, and says so in its gradient.
private struct TwiceBiased<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>

  /// The right layer with twice the bias: what adding it once more comes to, whether it has an element
  /// for each output or for each channel.
  private var doubled: any ActivatedLayer<S> {
    var twin = layer
    twin.biases = layer.biases.map { bias in
      let doubled = bias.copy(named: bias.name)
      doubled.flat = bias.flat.map { 2 * $0 }
      return doubled
    }
    return twin
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> { try doubled.preactivation(input) }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let twin = doubled
    var found = Gradients<S>()
    let inputCotangent = try twin.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &found)
    for parameter in found.parameters {
      guard let own = found[parameter] else { continue }
      if let b = twin.biases.firstIndex(where: { $0 === parameter }) {
        for _ in 0..<2 { try gradients.add(own, to: layer.biases[b]) }
      } else {
        try gradients.add(own, to: parameter)
      }
    }
    return inputCotangent
  }
}
