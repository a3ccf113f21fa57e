import GSLKit

/// Token embedding: every token of a row is replaced by its row of the table, times `scale`.
///
///     input   batch x positions              token numbers, 0 ..< vocabulary
///     table   vocabulary x width             as this layer sees its kernel
///     output  batch x (positions * width)    position t in columns t * width ..< (t + 1) * width
///
/// The output of position t is scale * (one-hot row of the token) * table: a dense layer whose input
/// is never written out. `kernel.transposed` in a dense layer ties the output projection to it (Press &
/// Wolf, arXiv 1608.05859; Inan, Khosravi & Socher, arXiv 1611.01462), and scale = sqrt(width) is what
/// Vaswani et al. (arXiv 1706.03762, section 3.4) multiply such a shared table with.
///
/// The contribution to the table is nonzero only on the rows that were looked up.
///
/// Positions without a token hold the number of a padding row. `Parameter.fixedRows` keeps that row
/// from being trained, through the lookup and, where the table is tied, through the projection too.
public struct Embedding<S: Scalar>: LookupLayer, SavedLayer {
  public let name: String
  /// The table.
  public var kernel: Kernel<S>
  public let scale: S

  /// - Parameters:
  ///   - kernel: vocabulary x width as this layer sees it.
  ///   - scale: what a looked-up row is multiplied with; sqrt(width) is usual for a shared table.
  public init(_ name: String, kernel: Kernel<S>, scale: S = 1) {
    self.name = name
    self.kernel = kernel
    self.scale = scale
  }

  /// Says which rows are fixed.
  public var kind: String {
    let fixed = kernel.parameter.fixedRows.sorted().map(String.init).joined(separator: ", ")
    return fixed.isEmpty ? "Embedding" : "Embedding (row \(fixed) fixed)"
  }

  public var kernels: [Kernel<S>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }

  public var biases: [Parameter<S>] {
    get { [] }
    set {}
  }

  /// - Throws: `TokenError` for a number that is not one of the table's rows.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    let tokens = try rows(input)
    let table = kernel.isTransposed ? kernel.parameter.values.transposed : kernel.parameter.values
    let width = table.columns
    var output = Matrix<S>(rows: input.rows, columns: input.columns * width)
    table.elements.withUnsafeBufferPointer { table in
      output.elements.withUnsafeMutableBufferPointer { output in
        guard let table = table.baseAddress, let output = output.baseAddress else { return }
        for (place, token) in tokens.enumerated() {
          S.addScaled(scale, table + token * width, output + place * width, width)
        }
      }
    }
    return output
  }

  /// The cotangent of the tokens is zero: nothing can be said about a derivative by a whole number.
  public func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let tokens = try rows(input)
    let width = kernel.columns
    guard cotangent.rows == input.rows, cotangent.columns == input.columns * width else {
      throw ShapeMismatch(
        operation: "backward of embedding \"\(name)\"",
        given: "a cotangent of \(cotangent.rows) x \(cotangent.columns)",
        expected: "\(input.rows) x \(input.columns * width), \(width) for each token")
    }
    // A token that occurs several times collects what all its places hand in.
    var contribution = Matrix<S>(rows: kernel.rows, columns: width)
    cotangent.elements.withUnsafeBufferPointer { cotangent in
      contribution.elements.withUnsafeMutableBufferPointer { contribution in
        guard let cotangent = cotangent.baseAddress, let contribution = contribution.baseAddress
        else { return }
        for (place, token) in tokens.enumerated() {
          S.addScaled(scale, cotangent + place * width, contribution + token * width, width)
        }
      }
    }
    try gradients.add(contribution, to: kernel)
    return Matrix(rows: input.rows, columns: input.columns)
  }

  /// The tokens of a batch, as whole numbers.
  /// - Throws: `TokenError` for a number that is not one of the table's rows.
  public func rows(_ input: Matrix<S>) throws -> [Int] {
    let vocabulary = kernel.rows
    return try input.elements.enumerated().map { place, value in
      guard let token = Int(exactly: value), (0..<vocabulary).contains(token) else {
        throw TokenError(
          layer: name, given: Double(value), sample: place / input.columns,
          position: place % input.columns, vocabulary: vocabulary)
      }
      return token
    }
  }
}

// MARK: - In a model file

extension Embedding {
  public static var fileType: String { "embedding" }

  public func write(to entry: inout LayerWriter<S>) {
    entry.kernel(kernel)
    entry.number(scale, as: "scale")
  }

  public static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Embedding<T>(
      entry.name, kernel: try entry.kernel(), scale: try entry.number("scale", default: 1))
  }
}

/// A number that should be a token and is none.
public struct TokenError: Error, Equatable, CustomStringConvertible {
  public let layer: String
  public let given: Double
  /// Row and column of the batch, from 0.
  public let sample: Int
  public let position: Int
  /// Rows of the table.
  public let vocabulary: Int

  public var description: String {
    "embedding \"\(layer)\": got \(given) in sample \(sample), position \(position), expected a token: "
      + "a whole number from 0 to \(vocabulary - 1), one for each row of the table."
  }
}

// MARK: - The model

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
  public static func languageModel<S: Scalar>(
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
  var layers: [any SavedLayer.Type] { [Embedding<Double>.self, Dense<Double>.self] }
  var usual: ModelChoices { ModelChoices(features: 3, outputActivation: .identity) }
  let options: Set<ModelOption> = [.features, .hidden, .activation, .loss, .untied]
  let refusal =
    "Its output is read as logits, and its projection has a bias of its own: only the table is shared."
  let settings = [
    ModelSetting("vocabulary", "tokens of random data", whole: 20, in: 2...1_000_000)
  ]
  let usualData = "text"
  let readsText = true
  var specimens: [ModelChoices] {
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
        "--hidden has \(choices.hidden.count) widths, and --model embedding takes one: the width of its "
          + "table, which is that of its hidden layer too.")
    }
    guard choices.vocabulary == 0 || choices.settings["vocabulary"] == nil else {
      throw ModelChoiceError(
        "--set vocabulary is for random data; \(data) holds \(choices.vocabulary) different tokens. "
          + "Leave it out, or use --data random.")
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
      KernelShape(choices.features * width, width, uses: 1),
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
