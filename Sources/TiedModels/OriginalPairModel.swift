import GSLKit
import TiedLayers

extension Models {
  /// The pair of the question this project began with: 5 -> 5 -> 5, both layers linear, the second
  /// with the first one's kernel transposed.
  /// - Parameter biasShared: whether the second layer also adds the first one's bias, as the
  ///   well-known answer does; otherwise it has a bias of its own.
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

/// The pair of the question, as it was meant, and as the well-known answer has it.
struct OriginalPairModel: Model {
  let isAsWritten: Bool

  var name: String { isAsWritten ? "original-as-written" : "original" }
  var summary: String {
    isAsWritten
      ? "the pair as the well-known answer has it, with a copy of the kernel"
      : "the pair of the question, 5 -> 5 -> 5 and linear"
  }
  var usual: ModelChoices {
    var usual = ModelChoices(features: 5, hidden: [5], batch: 7, activation: .identity)
    usual.biasShared = isAsWritten
    return usual
  }
  var options: Set<ModelOption> {
    isAsWritten ? [.loss, .biasShared] : [.loss, .biasShared, .untied]
  }
  var refusal: ChoiceSentence {
    """
    The pair of the question is 5 -> 5 -> 5 and linear. For other sizes and activations use \
    \(.model("tied-autoencoder")).
    """
  }
  var usualData: String { "random" }
  var fault: String? { isAsWritten ? "detached-copy" : nil }
  var specimens: [ModelChoices] { [] }

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.features == 5 else {
      throw ModelChoiceError(
        """
        \(data) has \(choices.features) columns, and \(.model(name)) takes 5. Use \(.data("random")), \
        or \(.model("tied-autoencoder")).
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    let untied = choices.isUntied ? "untied " : ""
    return isAsWritten
      ? "original pair as written"
      : "\(untied)original pair\(choices.biasShared ? ", shared bias" : "")"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] { [KernelShape(5, 5, uses: 2)] }

  func ties(_ choices: ModelChoices) -> [[String]] { [["dense", "transposed_dense"]] }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.originalPair(biasShared: choices.biasShared, random: random)
  }
}
