import GSLKit

/// The models that ship: built fresh at every call, all random numbers from the given source.
public enum Models {
  /// The pair of the question this project began with: 5 -> 5 -> 5, both layers linear, the second
  /// with the first one's kernel transposed.
  /// - Parameter biasShared: whether the second layer also adds the first one's bias, as the
  ///   well-known answer does; otherwise it has a bias of its own.
  public static func originalPair<S: Scalar>(
    biasShared: Bool, random: RandomSource, as type: S.Type = S.self
  ) throws -> Chain<S> {
    let dense = Dense<S>(
      "dense", kernel: Kernel("kernel", glorot(5, 5, random)), bias: bias("bias", 5, random))
    let transposed = Dense(
      "transposed_dense", kernel: dense.kernel.transposed,
      bias: biasShared ? dense.bias : bias("transposed_bias", 5, random))
    return Chain([dense, transposed])
  }

  /// An autoencoder features -> hidden[0] -> ... -> hidden.last -> ... -> features.
  /// - Parameters:
  ///   - tied: whether decoder i uses encoder i's kernel, transposed, or one of its own.
  ///   - biasShared: whether decoder i adds encoder i's bias, which fits only where the two have
  ///     equally many outputs.
  ///   - activation: of every layer but the last.
  ///   - outputActivation: of the last.
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

  /// Uniform in +-sqrt(6 / (rows + columns)) (Glorot & Bengio 2010, equation 16).
  static func glorot<S: Scalar>(
    _ rows: Int, _ columns: Int, _ random: RandomSource
  ) -> Matrix<S> {
    let limit = (6 / Double(rows + columns)).squareRoot()
    return random.matrix(rows: rows, columns: columns, -limit, limit)
  }

  /// Small and never zero: a bias at zero would hide a forgotten one.
  static func bias<S: Scalar>(
    _ name: String, _ count: Int, _ random: RandomSource
  ) -> Parameter<S> {
    Parameter(name, (0..<count).map { _ in S(random.uniform(-0.1, 0.1)) })
  }
}
