/// Parts of a matrix, and products of many small matrices at once. A sequence or a pair lies along the
/// row of a batch: its parts are columns there, and rows of the same elements seen with another width.
extension Matrix {
  /// The columns `range`, as a matrix.
  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= columns,
      "columns \(range) of a matrix with \(columns)")
    var result = Matrix(rows: rows, columns: range.count)
    elements.withUnsafeBufferPointer { x in
      result.elements.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        for i in 0..<rows {
          S.addScaled(1, x + i * columns + range.lowerBound, y + i * range.count, range.count)
        }
      }
    }
    return result
  }

  /// Matrices of equally many rows, side by side.
  package init(sideBySide parts: [Matrix]) throws {
    let rows = parts.first?.rows ?? 0
    for part in parts where part.rows != rows {
      throw ShapeMismatch(
        operation: "matrices side by side", given: "\(part.rows) rows", expected: "\(rows)")
    }
    self.init(rows: rows, columns: parts.reduce(0) { $0 + $1.columns })
    var first = 0
    for part in parts {
      let (width, wide) = (part.columns, columns)
      part.elements.withUnsafeBufferPointer { x in
        elements.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          for i in 0..<rows { S.addScaled(1, x + i * width, y + i * wide + first, width) }
        }
      }
      first += width
    }
  }

  /// Block by block op(a_s) op(b_s). Each operand is `blocks` matrices of one shape on top of each
  /// other, and so is the result.
  package static func blockProduct(
    _ a: Matrix, transposeFirst transposeA: Bool = false,
    _ b: Matrix, transposeSecond transposeB: Bool = false, blocks: Int
  ) throws -> Matrix {
    guard blocks > 0, a.rows % blocks == 0, b.rows % blocks == 0 else {
      throw ShapeMismatch(
        operation: "product of blocks", given: "\(a.rows) and \(b.rows) rows",
        expected: "multiples of \(blocks), the number of blocks")
    }
    let (high, tall) = (a.rows / blocks, b.rows / blocks)
    let (m, k) = transposeA ? (a.columns, high) : (high, a.columns)
    let (inner, n) = transposeB ? (b.columns, tall) : (tall, b.columns)
    guard k == inner else {
      throw ShapeMismatch(
        operation: "product of blocks", given: "(\(m) x \(k)) times (\(inner) x \(n))",
        expected: "equal inner sizes", hint: "Is one of the two transposed?")
    }
    var result = Matrix(rows: m * blocks, columns: n)
    a.elements.withUnsafeBufferPointer { x in
      b.elements.withUnsafeBufferPointer { y in
        result.elements.withUnsafeMutableBufferPointer { z in
          guard let x = x.baseAddress, let y = y.baseAddress, let z = z.baseAddress else { return }
          for s in 0..<blocks {
            S.addProduct(
              transposeA, transposeB, m, n, k, x + s * m * k, a.columns, y + s * k * n,
              b.columns, z + s * m * n)
          }
        }
      }
    }
    return result
  }
}
