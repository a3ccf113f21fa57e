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
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// The table.
  public var kernel: Kernel<S>
  /// What each looked-up row is multiplied by: sqrt(width) in the Transformer (Vaswani et al.,
  /// arXiv 1706.03762, section 3.4).
  public let scale: S

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
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

  /// The table: one row for each word. Setting binds the layer to another table of the same shape.
  public var kernels: [Kernel<S>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }

  /// Always empty.
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
  package func rows(_ input: Matrix<S>) throws -> [Int] {
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
  package static var fileType: String { "embedding" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.kernel(kernel)
    entry.number(scale, as: "scale")
  }

  /// A row of the table for each token.
  package func numbers(inputWidth: Int) -> Double {
    Double(inputWidth) * (1 + Double(kernel.columns))
  }
  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Embedding<T>(
      entry.name, kernel: try entry.kernel(), scale: try entry.number("scale", default: 1))
  }
}

/// A number that should be a token and is none.
public struct TokenError: Error, Equatable, CustomStringConvertible {
  /// The layer that was given the batch.
  public let layer: String
  /// The number that was given in place of a row.
  public let given: Double
  /// Row and column of the batch, from 0.
  public let sample: Int
  /// The column of the batch, counted from 0.
  public let position: Int
  /// Rows of the table.
  public let vocabulary: Int

  /// What was given and what was expected.
  public var description: String {
    "embedding \"\(layer)\": got \(given) in sample \(sample), position \(position), expected a token: "
      + "a whole number from 0 to \(vocabulary - 1), one for each row of the table."
  }
}
