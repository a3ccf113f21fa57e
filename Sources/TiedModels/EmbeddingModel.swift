import GSLKit
import TiedLayers

extension Models {
  /// A small language model (Bengio et al. 2003): the words before, embedded, side by side; a hidden
  /// layer; and logits of the next word, for the softmax cross-entropy. The table is the output
  /// projection too (Press & Wolf, arXiv 1608.05859), which has a bias of its own.
  ///
  /// Input batch x context tokens, output batch x vocabulary. Token 0 is the padding: its row of the
  /// table is fixed. The row is not zero, which would hide a decay that reaches it.
  /// - Parameters:
  ///   - vocabulary: rows of the table, the padding's included.
  ///   - width: of the table and of the hidden layer.
  ///   - activation: of the hidden layer.
  package static func languageModel<S: Scalar>(
    vocabulary: Int, context: Int, width: Int, activation: ElementwiseFunction = .tanh,
    random: RandomSource, as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(vocabulary > 0 && context > 0 && width > 0)
    // Of variance 1 / width: times sqrt(width), what is looked up has variance 1.
    let limit = (3 / Double(width)).squareRoot()
    let table = Parameter<S>(
      "E", random.matrix(rows: vocabulary, columns: width, -limit, limit), fixedRows: [0])
    let embedding = Embedding("embedding", kernel: Kernel(table), scale: S(width).squareRoot())
    return Chain([
      embedding,
      Dense(
        "hidden", kernel: Kernel("H", glorot(context * width, width, random)),
        bias: bias("b", width, random), activation: activation),
      Dense(
        "projection", kernel: embedding.kernel.transposed, bias: bias("c", vocabulary, random)),
    ])
  }
}

/// The language model on the words of a text.
struct EmbeddingModel: Model {
  let name = "embedding"
  let summary =
    "a small language model whose table of words is its output projection too, transposed"
  var usual: ModelChoices { ModelChoices(features: 3, outputActivation: .identity) }
  let options: Set<ModelOption> = [.features, .hidden, .activation, .loss, .untied]
  let refusal: ChoiceSentence =
    "Its output is read as logits, and its projection has a bias of its own: only the table is shared."
  let settings = [
    ModelSetting("vocabulary", "tokens of random data", whole: 20, in: 2...1_000_000)
  ]
  let usualData = "text"
  let readsText = true
  var smallSizes: [ModelChoices] {
    [(2, 3, 6), (2, 4, 4), (3, 2, 5)].map { context, width, vocabulary in
      ModelChoices(
        features: context, hidden: [width], batch: 6, outputActivation: .identity,
        settings: ["vocabulary": Double(vocabulary)])
    }
  }

  private func vocabulary(_ choices: ModelChoices) -> Int {
    choices.vocabulary > 0 ? choices.vocabulary : choices.whole("vocabulary", of: self)
  }

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.hidden.count == 1 else {
      throw ModelChoiceError(
        """
        \(.option(.hidden)) has \(choices.hidden.count) widths, and \(.model(name)) takes one: the \
        width of its table, which is that of its hidden layer too.
        """)
    }
    guard choices.vocabulary == 0 || choices.settings["vocabulary"] == nil else {
      throw ModelChoiceError(
        """
        \(.setting("vocabulary")) is for random data; \(data) holds \(choices.vocabulary) different \
        tokens. Leave it out, or use \(.data("random")).
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    "\(choices.isUntied ? "untied" : "tied") embedding \(vocabulary(choices)) x \(choices.hidden[0]), "
      + "context \(choices.features)"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    let width = choices.hidden[0]
    return [
      KernelShape(vocabulary(choices), width, uses: 2),
      KernelShape(sizeProduct(choices.features, width), width, uses: 1),
    ]
  }

  func ties(_ choices: ModelChoices) -> [[String]] { [["embedding", "projection"]] }

  func loss(_ choices: ModelChoices) -> Loss { .softmaxCrossEntropy }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.languageModel(
      vocabulary: vocabulary(choices), context: choices.features, width: choices.hidden[0],
      activation: choices.activation, random: random)
  }

  /// The word that follows, one-hot. Where the data are no text, tokens are drawn, the first of them the
  /// padding.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    let count = vocabulary(choices)
    var input = samples.values
    if choices.vocabulary == 0 {
      for i in input.elements.indices {
        input.elements[i] = i == 0 ? 0 : Double(random.integer(below: count))
      }
    }
    var target = Matrix<Double>(rows: input.rows, columns: count)
    for i in 0..<input.rows {
      target[i, samples.labels?[i] ?? 1 + random.integer(below: count - 1)] = 1
    }
    return (input, target)
  }
}
