import GSLKit

/// A Chain with a loss: what is trained and checked, without its data.
///
/// Where the last layer ends in the very activation that the loss can undo (sigmoid before binary
/// cross-entropy), loss and gradient are computed from the logits: 1 - sigmoid(37) is 0 in Double.
public struct Network<S: Scalar> {
  /// The layers.
  public var chain: Chain<S> { didSet { findLogitLayer() } }
  /// The loss of their output against a target.
  public var loss: Loss { didSet { findLogitLayer() } }
  /// A term of the loss that reads no data, such as a regulariser.
  public var penalty: (any LossTerm<S>)?

  /// A network without data.
  /// - Parameters:
  ///   - chain: the layers.
  ///   - loss: compares their output with a target.
  ///   - penalty: a term of the loss that reads no data.
  public init(_ chain: Chain<S>, loss: Loss, penalty: (any LossTerm<S>)? = nil) {
    self.chain = chain
    self.loss = loss
    self.penalty = penalty
    findLogitLayer()
  }

  /// The last layer, if the loss is computed from its logits. Kept: to ask at run time whether a layer
  /// is an ActivatedLayer takes as long as a small network.
  private var logitLayer: (any ActivatedLayer<S>)?

  private mutating func findLogitLayer() {
    logitLayer = nil
    if let fused = loss.fusedActivation, let last = chain.layers.last as? any ActivatedLayer<S>,
      last.activation == fused
    {
      logitLayer = last
    }
  }

  /// The loss of a batch.
  public func value(_ input: Matrix<S>, target: Matrix<S>) throws -> S {
    try value(fromLayer: 0, input, target: target) { _, run in try run() }
  }

  /// The loss when the layers from `first` on are run on `input`, the input of layer `first`.
  ///
  /// `around(l, run)` is called for each layer and must call `run`: what it changes before and puts
  /// back after stands only while that one layer runs. A penalty counts as one layer more, after the
  /// last; its output is its value. Where `first` is the penalty's number, `input` is what the loss
  /// reads, as `lossInput` gives it.
  public func value(
    fromLayer first: Int, _ input: Matrix<S>, target: Matrix<S>,
    around: (Int, () throws -> Matrix<S>) throws -> Matrix<S>
  ) throws -> S {
    let logitLayer = logitLayer
    var activations = input
    for l in first..<chain.layers.count {
      let layer = chain.layers[l]
      activations = try around(l) {
        if let logitLayer, l == chain.layers.count - 1 {
          return try logitLayer.preactivation(activations)
        }
        return try layer.forward(activations)
      }
    }
    let value = try loss.value(activations, target: target, areLogits: logitLayer != nil)
    guard let penalty else { return value }
    return try value
      + around(chain.layers.count) { try Matrix([[penalty.value()]]) }.elements[0]
  }

  /// What the loss reads: the last layer's output, or its logits.
  public func lossInput(_ input: Matrix<S>) throws -> Matrix<S> {
    guard let logitLayer, let last = try chain.inputs(input).last else {
      return try chain.forward(input)
    }
    return try logitLayer.preactivation(last)
  }

  /// The gradient of the loss by every Parameter.
  public func gradients(_ input: Matrix<S>, target: Matrix<S>) throws -> Gradients<S> {
    var gradients = Gradients<S>()
    try backward(input, target: target) { layer, run in try run(&gradients) }
    return gradients
  }

  /// What each layer contributes to the gradient, in the order of the layers: one fresh
  /// `Gradients` for each, and one for the penalty where there is one.
  public func gradientsByLayer(
    _ input: Matrix<S>, target: Matrix<S>
  ) throws -> [Gradients<S>] {
    let count = chain.layers.count + (penalty == nil ? 0 : 1)
    var byLayer = [Gradients<S>](repeating: Gradients(), count: count)
    try backward(input, target: target) { layer, run in try run(&byLayer[layer]) }
    return byLayer
  }

  /// Runs the layers backwards; `accumulate` says where each layer's contributions go.
  private func backward(
    _ input: Matrix<S>, target: Matrix<S>,
    accumulate: (Int, (inout Gradients<S>) throws -> Void) throws -> Void
  ) throws {
    if let penalty {
      try accumulate(chain.layers.count) { try penalty.addGradients(to: &$0) }
    }
    guard !chain.layers.isEmpty else { return }
    let inputs = try chain.inputs(input)
    let last = chain.layers.count - 1
    var cotangent: Matrix<S>
    if let logitLayer {
      let logits = try logitLayer.preactivation(inputs[last])
      var inner = try loss.cotangent(logits, target: target, areLogits: true)
      try accumulate(last) { gradients in
        inner = try logitLayer.backward(
          preactivationCotangent: inner, at: inputs[last], into: &gradients)
      }
      cotangent = inner
    } else {
      let output = try chain.layers[last].forward(inputs[last])
      cotangent = try loss.cotangent(output, target: target)
      try accumulate(last) { gradients in
        cotangent = try chain.layers[last].backward(
          cotangent, at: inputs[last], into: &gradients)
      }
    }
    for l in (0..<last).reversed() {
      try accumulate(l) { gradients in
        cotangent = try chain.layers[l].backward(cotangent, at: inputs[l], into: &gradients)
      }
    }
  }
}
