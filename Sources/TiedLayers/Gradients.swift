import GSLKit

/// The gradient of a loss: one matrix for each Parameter, entered by adding only.
///
/// A fresh `Gradients()` is the zero: there is nothing to reset between batches, and what several
/// uses of one Parameter contribute can only add up.
public struct Gradients<S: Scalar> {
  private var entries: [(parameter: Parameter<S>, sum: Matrix<S>)] = []
  private var index: [ObjectIdentifier: Int] = [:]

  /// The zero: nothing was added yet.
  public init() {}

  /// The Parameters that something was added for, in order of first addition.
  public var parameters: [Parameter<S>] { entries.map(\.parameter) }

  /// The accumulated gradient, in the Parameter's own orientation; nil where nothing was added.
  public subscript(parameter: Parameter<S>) -> Matrix<S>? {
    index[ObjectIdentifier(parameter)].map { entries[$0].sum }
  }

  /// Adds a contribution of the Parameter's own shape (1 x count for a bias).
  public mutating func add(_ contribution: Matrix<S>, to parameter: Parameter<S>) throws {
    try parameter.values.requireShape(of: contribution, operation: "gradient of \(parameter)")
    try entries[slot(of: parameter)].sum.add(contribution)
  }

  /// Adds a contribution given in the orientation of one use: through a transposed Kernel the
  /// transpose is added.
  public mutating func add(_ contribution: Matrix<S>, to kernel: Kernel<S>) throws {
    let own = kernel.isTransposed ? contribution.transposed : contribution
    try add(own, to: kernel.parameter)
  }

  /// Adds input^T cotangent to a kernel that was used as output = input K. For a transposed Kernel
  /// that is cotangent^T input: again BLAS flags, not copies.
  public mutating func addProduct(
    input: Matrix<S>, cotangent: Matrix<S>, to kernel: Kernel<S>
  ) throws {
    guard input.rows == cotangent.rows else {
      throw ShapeMismatch(
        operation: "gradient of \(kernel.parameter)",
        given: "a cotangent of \(cotangent.rows) rows",
        expected: "\(input.rows), as the input has")
    }
    guard input.columns == kernel.rows, cotangent.columns == kernel.columns else {
      throw ShapeMismatch(
        operation: "gradient of \(kernel.parameter)",
        given: "\(input.columns) x \(cotangent.columns)",
        expected: "\(kernel.rows) x \(kernel.columns)",
        hint: "Is the kernel used the wrong way round (transposed)?")
    }
    let (left, right) = kernel.isTransposed ? (cotangent, input) : (input, cotangent)
    try entries[slot(of: kernel.parameter)].sum.addProduct(left, transposeFirst: true, right)
  }

  /// Adds the column sums of a cotangent to a bias.
  public mutating func addColumnSums(of cotangent: Matrix<S>, to bias: Parameter<S>) throws {
    try add(cotangent.columnSums, to: bias)
  }

  /// The gradients of `parameters` in order, each in row order; nil where nothing was added.
  public func flat(for parameters: [any AnyParameter]) -> [[Double]?] {
    parameters.map { parameter in
      index[ObjectIdentifier(parameter)].map { S.doubles(entries[$0].sum.elements) }
    }
  }

  private mutating func slot(of parameter: Parameter<S>) -> Int {
    if let known = index[ObjectIdentifier(parameter)] { return known }
    index[ObjectIdentifier(parameter)] = entries.count
    entries.append(
      (parameter, Matrix(rows: parameter.values.rows, columns: parameter.values.columns)))
    return entries.count - 1
  }
}
