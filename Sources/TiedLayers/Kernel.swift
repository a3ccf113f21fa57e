import GSLKit

/// One use of a matrix Parameter by a layer: the Parameter, and whether it is read transposed.
///
/// `encoder.kernel.transposed` is the whole act of tying. Nothing is copied: products read the
/// Parameter's own elements with BLAS's transpose flag.
public struct Kernel<S: Scalar> {
  /// The Parameter that is used. Two uses of one Parameter are tied.
  public let parameter: Parameter<S>
  /// Whether this use reads it transposed.
  public let isTransposed: Bool

  /// - Precondition: `parameter` is a matrix.
  public init(_ parameter: Parameter<S>, transposed: Bool = false) {
    precondition(parameter.shape.count == 2, "a kernel needs a matrix, not \(parameter)")
    self.parameter = parameter
    isTransposed = transposed
  }

  /// A kernel on a new Parameter.
  public init(_ name: String, _ values: Matrix<S>) {
    self.init(Parameter(name, values))
  }

  /// The same Parameter, used the other way round.
  public var transposed: Kernel { Kernel(parameter, transposed: !isTransposed) }

  /// Rows as this use sees them: the width of the input it takes.
  public var rows: Int { parameter.shape[isTransposed ? 1 : 0] }
  /// Columns as this use sees them: the width of the output it makes.
  public var columns: Int { parameter.shape[isTransposed ? 0 : 1] }

  /// Element (i, j) as this use sees it.
  public subscript(i: Int, j: Int) -> S {
    get { isTransposed ? parameter.values[j, i] : parameter.values[i, j] }
    nonmutating set {
      let (row, column) = isTransposed ? (j, i) : (i, j)
      parameter.setElement(row * parameter.values.columns + column, newValue)
    }
  }

  /// input K: (batch x rows) to (batch x columns).
  public func multiply(_ input: Matrix<S>) throws -> Matrix<S> {
    try Matrix.product(input, parameter.values, transposeSecond: isTransposed)
  }

  /// cotangent K^T, the adjoint of `multiply`: (batch x columns) to (batch x rows).
  public func multiplyAdjoint(_ cotangent: Matrix<S>) throws -> Matrix<S> {
    try Matrix.product(cotangent, parameter.values, transposeSecond: !isTransposed)
  }

  /// The same orientation on another Parameter of the same shape.
  public func rebound(to parameter: Parameter<S>) -> Kernel {
    Kernel(parameter, transposed: isTransposed)
  }
}
