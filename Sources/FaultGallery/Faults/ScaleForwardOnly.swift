import GSLKit
import GradientCheck
import TiedLayers

/// A scale that only the forward pass knows.
package struct ScaleForwardOnly: Fault {
  package let id = "scale-forward-only"
  package let summary =
    "one layer uses its kernel times a constant (an embedding: sqrt(d)), and its backward pass forgets "
    + "the constant"
  package let lesson =
    "Whatever stands in the forward pass stands in the derivative. A factor that is put in "
    + "later (to keep logits small, or embeddings large) belongs into both, or better into one expression that is "
    + "differentiated."
  package let source = "mlx-examples#591"
  package let convictor = Convictor.gradient
  package let diagnosis = "scaled-path"
  package let explanation = FaultExplanation(
    tempting:
      "The factor was added to the forward pass by somebody who did not write the backward "
      + "pass.",
    formula:
      "y = h (a W^T) + c; claimed G_enc + G_dec^T / a, true G_enc + G_dec^T",
    swift: """
      let da = cotangent.scaled(by: a)   // the factor goes back through the chain rule too
      """,
    keras: """
      return keras.ops.matmul(a * h, keras.ops.transpose(W)) + c   # right: the tape sees a
      # wrong: a custom gradient that was written before a came in
      @tf.custom_gradient
      def project(h): ...
      """,
    pytorch: """
      y = F.linear(a * h, W.t(), c)        # right: autograd sees a
      class Project(torch.autograd.Function):
        # wrong: forward uses a * W, backward returns dy.t() @ h without a
        ...
      """)

  package init() {}

  package func right<S: Scalar>(_ network: Network<S>) throws -> Network<S> {
    try scaled(network, forgets: false)
  }

  package func wrong<S: Scalar>(_ network: Network<S>) throws -> Network<S> {
    try scaled(network, forgets: true)
  }

  private func scaled<S: Scalar>(_ network: Network<S>, forgets: Bool) throws -> Network<S> {
    let (first, last) = try network.chain.tiedPair(for: id)
    var twin = network
    if let lookup = network.chain.layers[first] as? Embedding<S>, lookup.scale != 1 {
      guard forgets else { return network }
      twin.chain = try network.chain.withWrongBackward(of: .encoder, fault: id) { own, _ in
        try own.combined(1 / lookup.scale, with: own, 0)
      }
      return twin
    }
    try network.chain.requireTiedLayers(
      for: id, else: "Where one layer has all the uses, the whole gradient is scaled.")
    twin.chain.layers[last] = ScaledKernelLayer(
      layer: try network.chain.activatedLayer(last, for: id), scale: 0.7,
      forgetsInBackward: forgets)
    return twin
  }
}

/// A layer whose kernel is used times a constant: right, or forgetting the constant in what it hands
/// in for the kernel.
struct ScaledKernelLayer<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>
  let scale: S
  let forgetsInBackward: Bool

  var kind: String { "Scaled " + layer.kind.prefix(1).lowercased() + layer.kind.dropFirst() }
  /// Not the right layer's: this one has a factor in it.
  var productForm: (any ProductForm)? { nil }

  /// x (a K) + b is (a x) K + b.
  private func scaled(_ input: Matrix<S>) throws -> Matrix<S> {
    try input.combined(scale, with: input, 0)
  }

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try layer.preactivation(scaled(input))
  }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let point = forgetsInBackward ? input : try scaled(input)
    let inputCotangent = try layer.backward(
      preactivationCotangent: preactivationCotangent, at: point, into: &gradients)
    return try scaled(inputCotangent)
  }
}
