/// What a student takes home from a fault: why people make it, the formula, and the right way.
package struct FaultExplanation: Sendable {
  /// Why it is tempting.
  package let tempting: String
  /// What is computed, and what should be.
  package let formula: String
  /// The right way in a few lines of Swift.
  package let swift: String
  /// What it looks like in Keras, wrong and right.
  package let keras: String
  /// The same in PyTorch.
  package let pytorch: String

  package init(tempting: String, formula: String, swift: String, keras: String, pytorch: String) {
    self.tempting = tempting
    self.formula = formula
    self.swift = swift
    self.keras = keras
    self.pytorch = pytorch
  }
}

/// The right way that several faults miss: the contributions of both uses, added.
enum AddingBothUses {
  static let swift = """
    gradients.addProduct(input: x, cotangent: da, to: encoder.kernel)
    gradients.addProduct(input: h, cotangent: dy, to: decoder.kernel)   // transposed by its flag
    """
  static let keras = """
    with tf.GradientTape() as tape:
      loss = model_loss()
    dW = tape.gradient(loss, encoder.kernel)   # right: the tape adds both uses
    """
  static let pytorch = """
    loss.backward()        # right: autograd adds every use into W.grad
    # by hand, for nn.Linear's weight (out x in): W.grad = da.t() @ x + h.t() @ dy
    """
}
