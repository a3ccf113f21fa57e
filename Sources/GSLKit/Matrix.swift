/// A dense matrix, stored row by row.
///
/// A batch is a Matrix with one sample per row. A value type: assigning copies (on write).
public struct Matrix<S: Scalar>: Equatable, Sendable {
  /// How many rows there are: the samples of a batch.
  public let rows: Int
  /// How many columns there are.
  public let columns: Int
  /// rows * columns elements; element (i, j) is at i * columns + j.
  /// Their number must stay.
  public var elements: [S]

  /// The zero matrix, or one filled with `value`.
  public init(rows: Int, columns: Int, repeating value: S = 0) {
    precondition(rows >= 0 && columns >= 0, "a matrix cannot have \(rows) x \(columns) elements")
    self.rows = rows
    self.columns = columns
    elements = S.array(repeating: value, count: rows * columns)
  }

  /// A matrix from its elements in row order.
  public init(rows: Int, columns: Int, elements: [S]) throws {
    guard rows >= 0, columns >= 0, elements.count == rows * columns else {
      throw ShapeMismatch(
        operation: "matrix", given: "\(elements.count) elements",
        expected: "\(rows) x \(columns) = \(rows * columns)")
    }
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// A matrix from nested rows; ragged rows are a `ShapeMismatch`.
  public init(_ nested: [[S]]) throws {
    let columns = nested.first?.count ?? 0
    for (i, row) in nested.enumerated() where row.count != columns {
      throw ShapeMismatch(
        operation: "matrix", given: "\(row.count) elements in row \(i)",
        expected: "\(columns), as in row 0")
    }
    rows = nested.count
    self.columns = columns
    elements = nested.flatMap { $0 }
  }

  /// The element in row `i` and column `j`, both counted from 0.
  public subscript(i: Int, j: Int) -> S {
    get {
      precondition(j >= 0 && j < columns, "column \(j) of a matrix with \(columns)")
      return elements[i * columns + j]
    }
    set {
      precondition(j >= 0 && j < columns, "column \(j) of a matrix with \(columns)")
      elements[i * columns + j] = newValue
    }
  }

  /// [rows, columns].
  public var shape: [Int] { [rows, columns] }

  /// The transpose, as a copy. Layers do not need it: products take transposes as flags.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for i in 0..<rows {
      for j in 0..<columns { result[j, i] = self[i, j] }
    }
    return result
  }

  /// The same elements, in rows of another length.
  package func reshaped(columns: Int) throws -> Matrix {
    try Matrix(
      rows: columns > 0 ? elements.count / columns : 0, columns: columns, elements: elements)
  }

  /// The rows as nested arrays.
  public var nested: [[S]] {
    (0..<rows).map { Array(elements[($0 * columns)..<(($0 + 1) * columns)]) }
  }

  /// The same matrix in another precision, each element rounded once.
  package func converted<T: Scalar>(to type: T.Type = T.self) -> Matrix<T> {
    var result = Matrix<T>(rows: rows, columns: columns)
    for i in elements.indices { result.elements[i] = T(elements[i]) }
    return result
  }
}

// MARK: - Products

extension Matrix {
  /// op(a) op(b), where op transposes where its flag says so: BLAS reads the operand the other way
  /// round, nothing is copied.
  public static func product(
    _ a: Matrix, transposeFirst transposeA: Bool = false,
    _ b: Matrix, transposeSecond transposeB: Bool = false
  ) throws -> Matrix {
    var result = Matrix(
      rows: transposeA ? a.columns : a.rows, columns: transposeB ? b.rows : b.columns)
    try result.addProduct(a, transposeFirst: transposeA, b, transposeSecond: transposeB)
    return result
  }

  /// self := self + op(a) op(b).
  public mutating func addProduct(
    _ a: Matrix, transposeFirst transposeA: Bool = false,
    _ b: Matrix, transposeSecond transposeB: Bool = false
  ) throws {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (inner, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
    guard k == inner else {
      throw ShapeMismatch(
        operation: "matrix product", given: "(\(m) x \(k)) times (\(inner) x \(n))",
        expected: "equal inner sizes", hint: "Is one of the two transposed?")
    }
    guard rows == m, columns == n else {
      throw ShapeMismatch(
        operation: "matrix product", given: "a \(m) x \(n) result",
        expected: "\(rows) x \(columns)", hint: "Is one of the factors transposed?")
    }
    guard m > 0, n > 0, k > 0 else { return }
    a.requireElements()
    b.requireElements()
    requireElements()
    a.elements.withUnsafeBufferPointer { a in
      b.elements.withUnsafeBufferPointer { b in
        elements.withUnsafeMutableBufferPointer { c in
          S.addProduct(
            transposeA, transposeB, m, n, k, a.baseAddress!, transposeA ? m : k,
            b.baseAddress!, transposeB ? k : n, c.baseAddress!)
        }
      }
    }
  }

  /// A product reads as many elements as the shapes say.
  private func requireElements() {
    precondition(
      elements.count == rows * columns,
      "a \(rows) x \(columns) matrix holds \(elements.count) elements")
  }
}

// MARK: - Elementwise

extension Matrix {
  /// self := self + scale * other.
  public mutating func add(_ other: Matrix, scaledBy scale: S = 1) throws {
    try requireShape(of: other, operation: "matrix sum")
    other.elements.withUnsafeBufferPointer { x in
      elements.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        S.addScaled(scale, x, y, rows * columns)
      }
    }
  }

  /// Adds a row vector (1 x columns) to each row.
  public mutating func addToEachRow(_ row: Matrix) throws {
    guard row.rows == 1, row.columns == columns else {
      throw ShapeMismatch(
        operation: "sum with a row", given: "\(row.rows) x \(row.columns)",
        expected: "1 x \(columns)")
    }
    row.elements.withUnsafeBufferPointer { x in
      elements.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        S.addRow(x, y, rows, columns)
      }
    }
  }

  /// The sum of each column, 1 x columns.
  public var columnSums: Matrix {
    var result = Matrix(rows: 1, columns: columns)
    elements.withUnsafeBufferPointer { x in
      result.elements.withUnsafeMutableBufferPointer { sums in
        guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
        S.addColumnSums(x, sums, rows, columns)
      }
    }
    return result
  }

  /// Applies `f` to every element.
  public mutating func apply(_ f: ElementwiseFunction) {
    elements.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      S.apply(f, x, rows * columns)
    }
  }

  /// Multiplies every element by f' at the element of `point` in the same place.
  public mutating func multiplyByDerivative(of f: ElementwiseFunction, at point: Matrix) throws {
    try requireShape(of: point, operation: "product with the derivative of \(f)")
    point.elements.withUnsafeBufferPointer { x in
      elements.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        S.multiplyByDerivative(of: f, at: x, y, rows * columns)
      }
    }
  }

  /// Replaces each row by its softmax.
  package mutating func softmaxRows() {
    elements.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      S.softmaxRows(x, rows, columns)
    }
  }

  /// Throws a `ShapeMismatch` unless `other` has this matrix's shape.
  package func requireShape(of other: Matrix, operation: @autoclosure () -> String) throws {
    guard rows == other.rows, columns == other.columns else {
      throw ShapeMismatch(
        operation: operation(), given: "\(other.rows) x \(other.columns)",
        expected: "\(rows) x \(columns)",
        hint: rows == other.columns && columns == other.rows ? "Is it transposed?" : nil)
    }
  }
}
