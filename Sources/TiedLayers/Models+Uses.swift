import GSLKit

/// Models whose kernel is used by a lookup and a projection, or several times inside one layer.
extension Models {
  /// A small language model (Bengio et al. 2003): the words before, embedded, side by side; a hidden
  /// layer; and logits of the next word, for the softmax cross-entropy. Tied, the table is the output
  /// projection too (Press & Wolf, arXiv 1608.05859), which has a bias of its own.
  ///
  /// Input batch x context tokens, output batch x vocabulary. Token 0 is the padding: its row of the
  /// table is fixed. The row is no zeros, which would hide a decay that reaches it.
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

  /// One head of attention whose query and key share one kernel: input batch x (positions * features),
  /// output of the same shape.
  /// - Parameters:
  ///   - head: the width of queries, keys and values.
  ///   - causal: whether a position sees only itself and those before it.
  public static func attention<S: Scalar>(
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

  /// Two towers features -> hidden[0] -> ... over the same kernels and biases, and the distance between
  /// what they make of the two of a pair: input batch x (2 * features), output batch x 1, for the
  /// contrastive loss.
  public static func siamese<S: Scalar>(
    features: Int, hidden: [Int], activation: ElementwiseFunction = .tanh, random: RandomSource,
    as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(features > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 })
    let widths = [features] + hidden
    func label(_ word: String, _ i: Int) -> String { hidden.count == 1 ? word : "\(word)\(i + 1)" }
    let towers = hidden.indices.map { i in
      Siamese<S>(
        label("towers", i),
        kernel: Kernel(label("W", i), glorot(widths[i], widths[i + 1], random)),
        bias: bias(label("b", i), widths[i + 1], random), activation: activation)
    }
    return Chain(towers + [PairDistance<S>("distance")] as [any Layer<S>])
  }
}
