import GSLKit
import TiedLayers

extension Models {
  /// The pair of the question this project began with: 5 -> 5 -> 5, both layers linear, the second
  /// with the first one's kernel transposed.
  /// - Parameter biasShared: whether the second layer also adds the first one's bias; otherwise it has a
  ///   bias of its own.
  package static func originalPair<S: Scalar>(
    biasShared: Bool, random: RandomSource, as type: S.Type = S.self
  ) throws -> Chain<S> {
    let dense = Dense<S>(
      "dense", kernel: Kernel("kernel", glorot(5, 5, random)), bias: bias("bias", 5, random))
    let transposed = Dense(
      "transposed_dense", kernel: dense.kernel.transposed,
      bias: biasShared ? dense.bias : bias("transposed_bias", 5, random))
    return Chain([dense, transposed])
  }
}

/// The pair of the question, as it was meant.
package struct OriginalPair: Model {
  package let name = "original"
  package let summary = "the pair of the question, 5 -> 5 -> 5 and linear"
  package let usual = ModelChoices(features: 5, hidden: [5], batch: 7, activation: .identity)
  package let options: Set<ModelOption> = [.loss, .biasShared, .untied]
  package var refusal: ChoiceSentence {
    """
    The pair of the question is 5 -> 5 -> 5 and linear. For other sizes and activations use \
    \(.model("tied-autoencoder")).
    """
  }
  package let usualData = "random"
  /// It has one size.
  package let smallSizes: [ModelChoices] = []

  package init() {}

  package func check(_ choices: ModelChoices, data: String) throws {
    try check(choices, data: data, model: name)
  }

  /// - Parameter model: what the model is called that has this pair in it.
  package func check(_ choices: ModelChoices, data: String, model: String) throws {
    guard choices.features == 5 else {
      throw ModelChoiceError(
        """
        \(data) has \(choices.features) columns, and \(.model(model)) takes 5. Use \(.data("random")), \
        or \(.model("tied-autoencoder")).
        """)
    }
  }

  package func title(_ choices: ModelChoices) -> String {
    let untied = choices.isUntied ? "untied " : ""
    return "\(untied)original pair\(choices.biasShared ? ", shared bias" : "")"
  }

  package func kernels(_ choices: ModelChoices) -> [KernelShape] { [KernelShape(5, 5, uses: 2)] }

  package func ties(_ choices: ModelChoices) -> [[String]] { [["dense", "transposed_dense"]] }

  package func chain<S: Scalar>(
    _ choices: ModelChoices, random: RandomSource
  ) throws -> Chain<S> {
    try Models.originalPair(biasShared: choices.biasShared, random: random)
  }
}
