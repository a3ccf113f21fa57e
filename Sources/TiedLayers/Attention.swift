import GSLKit

/// Single-head self-attention over the positions of a sequence (Vaswani et al., arXiv 1706.03762,
/// equation 1):
///
///     Q = X Wq    K = X Wk    V = X Wv
///     A = softmax(Q K^T / sqrt(width of the head)), row by row
///     output = (A V) Wo + b
///
/// X is one sample's sequence, positions x features. In a batch it lies along the row, position after
/// position: input batch x (positions * features), output batch x (positions * outputs).
///
/// Query and key may share one kernel (Kitaev, Kaiser & Levskaya, Reformer, arXiv 2001.04451, section
/// 2): two uses inside one layer. The scores are then symmetric, A still is not.
public struct Attention<S: Scalar>: SavedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// features x width of the head, for the two that are multiplied with each other.
  public var query: Kernel<S>
  /// width x d as this layer sees it: makes the keys. May be the query's Parameter.
  public var key: Kernel<S>
  /// features x width of the values.
  public var value: Kernel<S>
  /// width of the values x outputs.
  public var output: Kernel<S>
  /// One element for each output.
  public var bias: Parameter<S>?
  /// How many positions a sequence has.
  public let positions: Int
  /// Whether a position looks only at itself and at those before it.
  public let isCausal: Bool

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - query: features x head as this layer sees it.
  ///   - key: the same shape; `query` itself shares one kernel between the two.
  ///   - value: features x values.
  ///   - output: values x outputs.
  ///   - bias: one element for each output.
  ///   - positions: the length of every sequence.
  ///   - causal: whether positions to come are hidden.
  /// - Precondition: `positions` is at least 1.
  public init(
    _ name: String, query: Kernel<S>, key: Kernel<S>, value: Kernel<S>, output: Kernel<S>,
    bias: Parameter<S>? = nil, positions: Int, causal: Bool = false
  ) {
    precondition(positions > 0, "attention needs at least one position, not \(positions)")
    self.name = name
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.bias = bias
    self.positions = positions
    isCausal = causal
  }

  /// What the summary calls this layer.
  public var kind: String {
    let isShared = query.parameter === key.parameter
    let words = (isCausal ? ["causal"] : []) + (isShared ? ["query and key shared"] : [])
    return words.isEmpty ? "Attention" : "Attention (\(words.joined(separator: ", ")))"
  }

  /// Query, key, value, output.
  public var kernels: [Kernel<S>] {
    get { [query, key, value, output] }
    set { (query, key, value, output) = (newValue[0], newValue[1], newValue[2], newValue[3]) }
  }

  /// "query", "key", "value", "output" and "bias".
  public var slotNames: [String] {
    ["query", "key", "value", "output"] + (bias == nil ? [] : ["bias"])
  }

  /// The bias, or an empty list where there is none. Setting binds the layer to another.
  public var biases: [Parameter<S>] {
    get { bias.map { [$0] } ?? [] }
    set { bias = newValue.first }
  }

  /// Whether a kernel or bias can change the output. Query and key only say how the positions of a sample
  /// are averaged: where all positions are equal, or there is one alone, every average is the same.
  public func reaches(slot: Int, at input: Matrix<S>) throws -> Bool {
    try requireFit(input)
    guard slot < 2 else { return true }
    let features = query.rows
    return (0..<input.rows).contains { row in
      (features..<max(input.columns, features)).contains {
        input[row, $0] != input[row, $0 - features]
      }
    }
  }

  /// The output, batch x (positions * width), for an input of the same shape.
  /// - Throws: `ShapeMismatch` where the input or a kernel does not fit.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    let inner = try inner(input)
    var result = try output.multiply(inner.mixed)
    if let bias { try result.addToEachRow(bias.values) }
    return try result.reshaped(columns: positions * output.columns)
  }

  /// Adds the contributions of all four kernels and of the bias, and returns the cotangent of the
  /// input, batch x (positions * width).
  /// - Throws: `ShapeMismatch` where the input or a kernel does not fit.
  public func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let batch = input.rows
    let inner = try inner(input)
    guard cotangent.rows == batch, cotangent.columns == positions * output.columns else {
      throw ShapeMismatch(
        operation: "backward of attention \"\(name)\"",
        given: "a cotangent of \(cotangent.rows) x \(cotangent.columns)",
        expected: "\(batch) x \(positions * output.columns)")
    }
    let outer = try cotangent.reshaped(columns: output.columns)
    try gradients.addProduct(input: inner.mixed, cotangent: outer, to: output)
    if let bias { try gradients.addColumnSums(of: outer, to: bias) }

    // Through A V: to the values by A^T, to the weights by V^T.
    let mixed = try output.multiplyAdjoint(outer)
    let values = try Matrix.blockProduct(
      inner.weights, transposeFirst: true, mixed, blocks: batch)
    let weights = try Matrix.blockProduct(
      mixed, inner.values, transposeSecond: true, blocks: batch)

    // Through the softmax of each row, ds_j = a_j (da_j - sum_k a_k da_k), and the constant before it.
    var scores = Matrix<S>(rows: weights.rows, columns: positions)
    for i in 0..<weights.rows {
      var mean: S = 0
      for j in 0..<positions { mean += inner.weights[i, j] * weights[i, j] }
      for j in 0..<positions {
        scores[i, j] = inner.weights[i, j] * (weights[i, j] - mean) * scoreScale
      }
    }

    // Through Q K^T: to the queries by K, to the keys, transposed, by Q.
    let queries = try Matrix.blockProduct(scores, inner.keys, blocks: batch)
    let keys = try Matrix.blockProduct(
      scores, transposeFirst: true, inner.queries, blocks: batch)
    var result = Matrix<S>(rows: inner.sequence.rows, columns: inner.sequence.columns)
    for (kernel, cotangent) in [(query, queries), (key, keys), (value, values)] {
      try gradients.addProduct(input: inner.sequence, cotangent: cotangent, to: kernel)
      try result.add(kernel.multiplyAdjoint(cotangent))
    }
    return try result.reshaped(columns: input.columns)
  }

  /// What stands between input and output. All samples on top of each other: (batch * positions) rows.
  private struct Inner {
    /// X.
    let sequence: Matrix<S>
    let queries: Matrix<S>
    let keys: Matrix<S>
    let values: Matrix<S>
    /// A.
    let weights: Matrix<S>
    /// A V.
    let mixed: Matrix<S>
  }

  private func inner(_ input: Matrix<S>) throws -> Inner {
    try requireFit(input)
    let sequence = try input.reshaped(columns: query.rows)
    let queries = try query.multiply(sequence)
    let keys = try key.multiply(sequence)
    let values = try value.multiply(sequence)
    let products = try Matrix.blockProduct(
      queries, keys, transposeSecond: true, blocks: input.rows)
    var scores = Matrix<S>(rows: products.rows, columns: positions)
    try scores.add(products, scaledBy: scoreScale)
    if isCausal {
      scores = try scores.reshaped(columns: positions * positions)
      try scores.addToEachRow(causalMask)
      scores = try scores.reshaped(columns: positions)
    }
    scores.softmaxRows()
    return Inner(
      sequence: sequence, queries: queries, keys: keys, values: values, weights: scores,
      mixed: try Matrix.blockProduct(scores, values, blocks: input.rows))
  }

  /// 1 / sqrt(width of the head): without it the products grow with the width, and the softmax
  /// saturates.
  private var scoreScale: S { 1 / S(query.columns).squareRoot() }

  /// Added to the scores of one sample: minus infinity where the key comes after the query.
  private var causalMask: Matrix<S> {
    var mask = Matrix<S>(rows: 1, columns: positions * positions)
    for i in 0..<positions {
      for j in (i + 1)..<max(positions, i + 1) { mask[0, i * positions + j] = -.infinity }
    }
    return mask
  }

  private func requireFit(_ input: Matrix<S>) throws {
    let operation = "attention \"\(name)\""
    let features = query.rows
    guard input.columns == positions * features else {
      throw ShapeMismatch(
        operation: operation, given: "an input of width \(input.columns)",
        expected: "\(positions * features), \(positions) positions of \(features)")
    }
    for (role, kernel, rows, columns) in [
      ("key", key, features, query.columns), ("value", value, features, value.columns),
      ("output", output, value.columns, output.columns),
    ] {
      guard kernel.rows == rows, kernel.columns == columns else {
        throw ShapeMismatch(
          operation: "\(operation), \(role)",
          given: "a kernel of \(kernel.rows) x \(kernel.columns)",
          expected: "\(rows) x \(columns)",
          hint: kernel.rows == columns && kernel.columns == rows
            ? "Is the kernel used the wrong way round (transposed)?" : nil)
      }
    }
    if let bias, bias.count != output.columns {
      throw ShapeMismatch(
        operation: operation, given: "a bias of length \(bias.count)",
        expected: "\(output.columns), one for each output")
    }
  }
}

// MARK: - In a model file

extension Attention {
  package static var fileType: String { "attention" }

  package func write(to entry: inout LayerWriter<S>) {
    for (kernel, slot) in zip(kernels, slotNames) { entry.kernel(kernel, as: slot) }
    entry.bias(bias)
    entry.whole(positions, as: "positions")
    entry.flag(isCausal, as: "causal")
  }

  /// Besides what the kernels make at each position: the scores and the weights of every pair of positions.
  package func numbers(inputWidth: Int) -> Double {
    let positions = Double(positions)
    return positions * kernels.reduce(2 * positions) { $0 + Double($1.rows) + Double($1.columns) }
  }
  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Attention<T>(
      entry.name, query: try entry.kernel("query"), key: try entry.kernel("key"),
      value: try entry.kernel("value"), output: try entry.kernel("output"),
      bias: try entry.bias(), positions: try entry.whole("positions", in: 1...100_000),
      causal: try entry.flag("causal"))
  }
}
