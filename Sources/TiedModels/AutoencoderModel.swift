import GSLKit
import TiedLayers

extension Models {
  /// An autoencoder features -> hidden[0] -> ... -> hidden.last -> ... -> features.
  /// - Parameters:
  ///   - features: the width of the input and of the output.
  ///   - hidden: the width of each encoder's output, at least one.
  ///   - tied: whether decoder i uses encoder i's kernel, transposed, or one of its own.
  ///   - biasShared: whether decoder i adds encoder i's bias, which fits only where the two have
  ///     equally many outputs.
  ///   - activation: of every layer but the last.
  ///   - outputActivation: of the last.
  ///   - random: where the initial values come from (X. Glorot and Y. Bengio, AISTATS 2010).
  ///   - type: the arithmetic, Double or Float.
  public static func autoencoder<S: Scalar>(
    features: Int, hidden: [Int], tied: Bool, biasShared: Bool = false,
    activation: ElementwiseFunction = .tanh, outputActivation: ElementwiseFunction = .sigmoid,
    random: RandomSource, as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(features > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 })
    let widths = [features] + hidden
    func label(_ word: String, _ i: Int) -> String { hidden.count == 1 ? word : "\(word)\(i + 1)" }
    let encoders = hidden.indices.map { i in
      Dense<S>(
        label("encoder", i),
        kernel: Kernel(label("W", i), glorot(widths[i], widths[i + 1], random)),
        bias: bias(label("b", i), widths[i + 1], random), activation: activation)
    }
    let decoders = hidden.indices.reversed().map { i in
      Dense<S>(
        label("decoder", i),
        kernel: tied
          ? encoders[i].kernel.transposed
          : Kernel(label("V", i), glorot(widths[i + 1], widths[i], random)),
        bias: biasShared ? encoders[i].bias : bias(label("c", i), widths[i], random),
        activation: i == 0 ? outputActivation : activation)
    }
    return Chain(encoders + decoders)
  }
}

/// The autoencoder, each decoder with its encoder's kernel transposed; and its untied twin.
struct AutoencoderModel: Model {
  let isUntied: Bool

  var name: String { isUntied ? "untied-autoencoder" : "tied-autoencoder" }
  var summary: String {
    isUntied
      ? "the same autoencoder, every layer with a kernel of its own"
      : "an autoencoder of dense layers, each decoder with its encoder's kernel transposed"
  }
  var usual: ModelChoices { ModelChoices(features: 64) }
  var options: Set<ModelOption> { Set(ModelOption.allCases) }
  var smallSizes: [ModelChoices] {
    [[5, 3], [4, 4], [5, 4, 3], [4, 4, 4]].map { widths in
      ModelChoices(
        features: widths[0], hidden: Array(widths.dropFirst()), batch: 5,
        outputActivation: .identity)
    }
  }

  private func widths(_ choices: ModelChoices) -> [Int] { [choices.features] + choices.hidden }

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.biasShared else { return }
    for (inputs, outputs) in zip(widths(choices), choices.hidden) where inputs != outputs {
      throw ModelChoiceError(
        """
        \(.option(.biasShared)) cannot be had with an encoder \(inputs) -> \(outputs): its bias has \
        length \(outputs), and the tied decoder has \(inputs) outputs and needs \(inputs). The \
        well-known answer to the question of tied layers adds the encoder's bias in both, which is why \
        it fails as soon as the kernel is not square, as 5 -> 5 is. Leave \(.option(.biasShared)) out, \
        or choose equal widths.
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    let widths = widths(choices)
    let shape = (widths + widths.dropLast().reversed()).map(String.init).joined(separator: "-")
    return "\(choices.isUntied ? "untied" : "tied") autoencoder \(shape)"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    zip(widths(choices), choices.hidden).map { KernelShape($0, $1, uses: 2) }
  }

  func ties(_ choices: ModelChoices) -> [[String]] {
    choices.hidden.indices.map { i in
      ["encoder", "decoder"].map { choices.hidden.count == 1 ? $0 : "\($0)\(i + 1)" }
    }
  }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.autoencoder(
      features: choices.features, hidden: choices.hidden, tied: true,
      biasShared: choices.biasShared, activation: choices.activation,
      outputActivation: choices.outputActivation, random: random)
  }
}
