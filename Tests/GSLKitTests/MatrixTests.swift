import GSLKit
import Testing

@Suite("Matrix")
struct MatrixTests {
  /// op(A) op(B) + C by the definition, and the sum of the magnitudes that bounds its rounding.
  private func productByLoops<S: Scalar>(
    _ a: Matrix<S>, _ transposeA: Bool, _ b: Matrix<S>, _ transposeB: Bool, plus c: Matrix<S>
  ) -> (value: [Double], magnitude: [Double]) {
    let inner = transposeA ? a.rows : a.columns
    var value: [Double] = []
    var magnitude: [Double] = []
    for i in 0..<c.rows {
      for j in 0..<c.columns {
        var sum = Double(c[i, j])
        var size = abs(sum)
        for l in 0..<inner {
          let term =
            Double(transposeA ? a[l, i] : a[i, l]) * Double(transposeB ? b[j, l] : b[l, j])
          sum += term
          size += abs(term)
        }
        value.append(sum)
        magnitude.append(size)
      }
    }
    return (value, magnitude)
  }

  private func checkProducts<S: Scalar>(_ type: S.Type) throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let m = 1 + random.integer(below: 7)
      let k = m + 1 + random.integer(below: 4)
      let n = k + 1 + random.integer(below: 4)
      for transposeA in [false, true] {
        for transposeB in [false, true] {
          let a: Matrix<S> = transposeA ? randomMatrix(k, m, random) : randomMatrix(m, k, random)
          let b: Matrix<S> = transposeB ? randomMatrix(n, k, random) : randomMatrix(k, n, random)
          let start: Matrix<S> = randomMatrix(m, n, random)
          let product = try Matrix.product(
            a, transposeFirst: transposeA, b, transposeSecond: transposeB)
          var sum = start
          try sum.addProduct(a, transposeFirst: transposeA, b, transposeSecond: transposeB)

          let zero = Matrix<S>(rows: m, columns: n)
          for (actual, c) in [(product, zero), (sum, start)] {
            let expected = productByLoops(a, transposeA, b, transposeB, plus: c)
            #expect(actual.shape == [m, n])
            // Each of the k additions and products rounds once: (k + 1) u sum |a b|, and as much
            // again for the loop in Double.
            let isRight = actual.elements.indices.allSatisfy {
              abs(Double(actual.elements[$0]) - expected.value[$0])
                <= 2 * Double(k + 1) * S.unitRoundoff * expected.magnitude[$0]
            }
            #expect(isRight, "seed \(seed), flags \(transposeA) \(transposeB), \(m) \(k) \(n)")
          }
        }
      }
    }
  }

  @Test("every product with every pair of transpose flags equals the loops, in Double")
  func productsInDouble() throws { try checkProducts(Double.self) }

  @Test("every product with every pair of transpose flags equals the loops, in Float")
  func productsInFloat() throws { try checkProducts(Float.self) }

  @Test("a product on itself reads the old elements")
  func productWithItself() throws {
    var a = try Matrix([[1.0, 2], [3, 4]])
    try a.addProduct(a, a)
    #expect(a == (try Matrix([[8.0, 12], [18, 26]])))
  }

  @Test("products with an empty side are zero")
  func emptyProducts() throws {
    let product = try Matrix.product(
      Matrix<Double>(rows: 2, columns: 0), Matrix(rows: 0, columns: 3))
    #expect(product == Matrix(rows: 2, columns: 3))
    let none = try Matrix.product(Matrix<Double>(rows: 0, columns: 2), Matrix(rows: 2, columns: 3))
    #expect(none.shape == [0, 3])
  }

  @Test("inner sizes that differ are an error that names both factors as they are used")
  func innerMismatch() {
    let a = Matrix<Double>(rows: 2, columns: 3)
    let error = #expect(throws: ShapeMismatch.self) {
      try Matrix.product(a, transposeFirst: true, a, transposeSecond: true)
    }
    #expect(
      error?.description
        == "matrix product: got (3 x 2) times (3 x 2), expected equal inner sizes. "
        + "Is one of the two transposed?")
  }

  @Test("a result of another shape is an error, and the sum is left as it was")
  func resultMismatch() throws {
    var c = try Matrix([[1.0, 2, 3]])
    let before = c
    let error = #expect(throws: ShapeMismatch.self) {
      try c.addProduct(Matrix(rows: 2, columns: 4), Matrix(rows: 4, columns: 3))
    }
    #expect(
      error?.description
        == "matrix product: got a 2 x 3 result, expected 1 x 3. Is one of the factors transposed?")
    #expect(c == before)
  }

  @Test("a matrix can be made of rows or of elements, and tells where they do not fit")
  func making() throws {
    let matrix = try Matrix([[1.0, 2, 3], [4, 5, 6]])
    #expect(matrix == (try Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])))
    #expect(matrix.shape == [2, 3])
    #expect(matrix[1, 0] == 4)
    #expect(matrix.nested == [[1, 2, 3], [4, 5, 6]])
    #expect(matrix.transposed.nested == [[1, 4], [2, 5], [3, 6]])
    #expect(try Matrix<Double>([]).shape == [0, 0])

    let ragged = #expect(throws: ShapeMismatch.self) { try Matrix([[1.0, 2], [3, 4], [5]]) }
    #expect(
      ragged?.description == "matrix: got 1 elements in row 2, expected 2, as in row 0.")
    let short = #expect(throws: ShapeMismatch.self) {
      try Matrix(rows: 2, columns: 3, elements: [1.0, 2])
    }
    #expect(short?.description == "matrix: got 2 elements, expected 2 x 3 = 6.")
  }

  @Test("a negative size is an error even where the product of the sizes fits")
  func negativeSizes() {
    #expect(throws: ShapeMismatch.self) { try Matrix(rows: -1, columns: -2, elements: [1.0, 2]) }
  }

  @Test("assigning copies")
  func valueSemantics() throws {
    let a = try Matrix([[1.0, 2]])
    var b = a
    b[0, 1] = 7
    #expect(a.nested == [[1, 2]])
    #expect(b.nested == [[1, 7]])
  }

  @Test("conversion rounds each element once, to nearest")
  func conversion() throws {
    let matrix = try Matrix([[0.1, 1e-300], [1e300, 16_777_217]])
    let single = matrix.converted(to: Float.self)
    #expect(single.nested == [[0.1, 0], [.infinity, 16_777_216]])
    #expect(single.converted(to: Double.self)[0, 0] == Double(Float(0.1)))
  }

  @Test("sums, rows and column sums equal the loops, in Double and Float")
  func sums() throws {
    func check<S: Scalar>(_ type: S.Type) throws {
      for seed in 1...20 as ClosedRange<UInt64> {
        let random = RandomSource(seed: seed)
        let (rows, columns) = (1 + random.integer(below: 6), 1 + random.integer(below: 6))
        let a: Matrix<S> = randomMatrix(rows, columns, random)
        let b: Matrix<S> = randomMatrix(rows, columns, random)
        let row: Matrix<S> = randomMatrix(1, columns, random)
        var sum = a
        try sum.add(b, scaledBy: -3)
        var shifted = a
        try shifted.addToEachRow(row)
        let total = a.columnSums
        #expect(total.shape == [1, columns])
        let tolerance = 8 * S.unitRoundoff
        for j in 0..<columns {
          var column = 0.0
          for i in 0..<rows {
            column += Double(a[i, j])
            let expected = Double(a[i, j]) - 3 * Double(b[i, j])
            #expect(isClose(Double(sum[i, j]), expected, within: tolerance, scale: 8))
            #expect(shifted[i, j] == a[i, j] + row[0, j])
          }
          #expect(isClose(Double(total[0, j]), column, within: tolerance, scale: 12))
        }
      }
    }
    try check(Double.self)
    try check(Float.self)
  }

  @Test("a row, a summand or a point of another shape is an error; a transpose is recognised")
  func elementwiseMismatches() {
    var matrix = Matrix<Double>(rows: 2, columns: 3)
    let sum = #expect(throws: ShapeMismatch.self) { try matrix.add(Matrix(rows: 3, columns: 2)) }
    #expect(
      sum?.description == "matrix sum: got 3 x 2, expected 2 x 3. Is it transposed?")
    let row = #expect(throws: ShapeMismatch.self) {
      try matrix.addToEachRow(Matrix(rows: 1, columns: 2))
    }
    #expect(row?.description == "sum with a row: got 1 x 2, expected 1 x 3.")
    let point = #expect(throws: ShapeMismatch.self) {
      try matrix.multiplyByDerivative(of: .tanh, at: Matrix(rows: 2, columns: 2))
    }
    #expect(
      point?.description
        == "product with the derivative of tanh: got 2 x 2, expected 2 x 3.")
  }

  @Test("softmax of each row: positive, sums to 1, and does not see a shift of the row")
  func softmax() throws {
    var a = try Matrix([[0.0, 1, -2], [1e4, 1e4 + 1, 1e4 - 2]])
    a.softmaxRows()
    for i in 0..<2 {
      #expect(isClose(a[i, 0] + a[i, 1] + a[i, 2], 1, within: 4e-16))
      for j in 0..<3 { #expect(isClose(a[i, j], a[0, j], within: 1e-12)) }
    }
    #expect(isClose(a[0, 1] / a[0, 0], 2.718281828459045, within: 1e-15))
  }

  @Test("a NaN anywhere in a row makes that row's softmax NaN, and no other row's")
  func softmaxOfNaN() throws {
    for position in 0..<3 {
      var a = try Matrix([[0.0, 1, -2], [0, 1, -2]])
      a[0, position] = .nan
      a.softmaxRows()
      #expect((0..<3).allSatisfy { a[0, $0].isNaN && a[1, $0].isFinite })
    }
  }

  @Test("empty matrices take every elementwise operation")
  func emptyMatrices() throws {
    var empty = Matrix<Double>(rows: 0, columns: 3)
    empty.apply(.tanh)
    empty.softmaxRows()
    try empty.add(empty)
    try empty.multiplyByDerivative(of: .relu, at: empty)
    #expect(empty.columnSums == Matrix(rows: 1, columns: 3))
  }
}
