import GSLKit
import TiedLayers

extension Models {
  /// One head of attention whose query and key share one kernel: input batch x (positions * features),
  /// output of the same shape.
  /// - Parameters:
  ///   - head: the width of queries, keys and values.
  ///   - causal: whether a position sees only itself and those before it.
  package static func attention<S: Scalar>(
    positions: Int, features: Int, head: Int, causal: Bool = true, random: RandomSource,
    as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(positions > 0 && features > 0 && head > 0)
    let shared = Kernel<S>("W", glorot(features, head, random))
    return Chain([
      Attention(
        "attention", query: shared, key: shared,
        value: Kernel("V", glorot(features, head, random)),
        output: Kernel("O", glorot(head, features, random)), bias: bias("b", features, random),
        positions: positions, causal: causal)
    ])
  }
}

/// One head that reads a sample piece by piece and says the next piece: an image row by row.
struct AttentionModel: Model {
  let name = "attention"
  let summary =
    "one head of attention, its query and key over one kernel, that says a row's next piece"
  var usual: ModelChoices {
    ModelChoices(features: 64, hidden: [6], outputActivation: .identity)
  }
  let options: Set<ModelOption> = [.features, .hidden, .loss, .untied]
  let refusal: ChoiceSentence = "Attention has no activation but its softmax."
  let settings = [
    ModelSetting("pieces", "pieces that a row of the data is cut into", whole: 8, in: 3...100_000)
  ]
  var smallSizes: [ModelChoices] {
    [(4, 3, 2), (3, 3, 3)].map { pieces, features, head in
      ModelChoices(
        features: pieces * features, hidden: [head], batch: 5, outputActivation: .identity,
        settings: ["pieces": Double(pieces)])
    }
  }

  private func pieces(_ choices: ModelChoices) -> Int { choices.whole("pieces", of: self) }
  private func width(_ choices: ModelChoices) -> Int { choices.features / pieces(choices) }

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.hidden.count == 1 else {
      throw ModelChoiceError(
        """
        \(.option(.hidden)) has \(choices.hidden.count) widths, and \(.model(name)) takes one: the \
        width of its head.
        """)
    }
    let pieces = pieces(choices)
    guard choices.features % pieces == 0 else {
      throw ModelChoiceError(
        """
        \(data) has \(choices.features) columns, which cannot be cut into \(pieces) equal pieces. Use \
        \(.option(.features)) with a multiple of \(pieces), or \(.setting("pieces=N")).
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    "\(choices.isUntied ? "untied" : "tied") attention, \(pieces(choices) - 1) positions of "
      + "\(width(choices)), head \(choices.hidden[0])"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    let (width, head, positions) = (width(choices), choices.hidden[0], pieces(choices) - 1)
    return [
      KernelShape(width, head, uses: 2, positions: positions),
      KernelShape(width, head, uses: 1, positions: positions),
      KernelShape(head, width, uses: 1, positions: positions),
    ]
  }

  /// The scores of every pair of positions, and their weights.
  func numbersBesides(_ choices: ModelChoices) -> Double {
    let positions = Double(pieces(choices) - 1)
    return 2 * positions * positions
  }

  func ties(_ choices: ModelChoices) -> [[String]] { [["attention query", "attention key"]] }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.attention(
      positions: pieces(choices) - 1, features: width(choices), head: choices.hidden[0],
      random: random)
  }

  /// Every piece but the last, and what follows each of them.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    let (values, width) = (samples.values, width(choices))
    return (
      values.columns(0..<(values.columns - width)), values.columns(width..<values.columns)
    )
  }
}
