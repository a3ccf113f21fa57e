import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Kernel")
struct KernelTests {
  @Test("transposing keeps the Parameter; twice is back where it began")
  func transposing() {
    let kernel = Kernel("W", Matrix<Double>(rows: 5, columns: 3))
    let transposed = kernel.transposed
    #expect(transposed.parameter === kernel.parameter)
    #expect(transposed.isTransposed)
    #expect([kernel.rows, kernel.columns] == [5, 3])
    #expect([transposed.rows, transposed.columns] == [3, 5])
    #expect(!transposed.transposed.isTransposed)
    #expect(transposed.transposed.parameter === kernel.parameter)
  }

  private func checkWrites<S: Scalar>(_ type: S.Type) {
    let random = RandomSource(seed: 4)
    let kernel = Kernel<S>("W", randomMatrix(4, 3, random))
    let transposed = kernel.transposed
    for i in 0..<4 {
      for j in 0..<3 {
        #expect(transposed[j, i] == kernel[i, j])
        // By the Parameter's own values: two uses could also agree on the wrong element.
        var expected = kernel.parameter.values
        expected[i, j] = S(random.normal())
        kernel[i, j] = expected[i, j]
        #expect(kernel.parameter.values == expected)
        #expect(transposed[j, i] == expected[i, j])
        expected[i, j] = S(random.normal())
        transposed[j, i] = expected[i, j]
        #expect(kernel.parameter.values == expected)
        #expect(kernel[i, j] == expected[i, j])
      }
    }
  }

  @Test("what is written through one use is read through the other, bit for bit")
  func writes() {
    checkWrites(Double.self)
    checkWrites(Float.self)
  }

  @Test("multiplying through a transposed use equals multiplying by a transposed copy")
  func multiplying() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let kernel = Kernel<Double>("W", randomMatrix(4, 3, random))
      let copy = Kernel("copy", kernel.parameter.values.transposed)
      let input: Matrix<Double> = randomMatrix(6, 3, random)
      let output = try kernel.transposed.multiply(input)
      expectClose(output.elements, try copy.multiply(input).elements, within: 1e-15, "product")
      let cotangent: Matrix<Double> = randomMatrix(6, 4, random)
      let adjoint = try kernel.transposed.multiplyAdjoint(cotangent)
      expectClose(
        adjoint.elements, try copy.multiplyAdjoint(cotangent).elements, within: 1e-15, "adjoint")
    }
  }

  private func checkAdjoint<S: Scalar>(_ type: S.Type) throws {
    for seed in 1...30 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let rows = 1 + random.integer(below: 6)
      let columns = rows + 1 + random.integer(below: 4)
      let stored = Kernel<S>("W", randomMatrix(rows, columns, random))
      for kernel in [stored, stored.transposed] {
        let u: Matrix<S> = randomMatrix(3, kernel.rows, random)
        let v: Matrix<S> = randomMatrix(3, kernel.columns, random)
        let left = innerProduct(
          try kernel.multiply(u).elements.map { Double($0) }, v.elements.map { Double($0) })
        let right = innerProduct(
          u.elements.map { Double($0) }, try kernel.multiplyAdjoint(v).elements.map { Double($0) })
        let size = Double(3 * rows * columns)
        #expect(abs(left - right) <= 2 * size * S.unitRoundoff, "seed \(seed): \(left), \(right)")
      }
    }
  }

  @Test("<multiply(u), v> = <u, multiplyAdjoint(v)> in either orientation")
  func adjointIdentity() throws {
    try checkAdjoint(Double.self)
    try checkAdjoint(Float.self)
  }

  @Test("rebinding keeps the orientation")
  func rebinding() {
    let kernel = Kernel("W", Matrix<Double>(rows: 5, columns: 3)).transposed
    let other = Parameter("V", Matrix<Double>(rows: 5, columns: 3))
    #expect(kernel.rebound(to: other).isTransposed)
    #expect(kernel.rebound(to: other).parameter === other)
  }

  @Test("an input of the wrong width is an error")
  func mismatch() {
    let kernel = Kernel("W", Matrix<Double>(rows: 5, columns: 3))
    #expect(throws: ShapeMismatch.self) { try kernel.multiply(Matrix(rows: 2, columns: 3)) }
    #expect(throws: ShapeMismatch.self) {
      try kernel.transposed.multiply(Matrix(rows: 2, columns: 5))
    }
    #expect(throws: ShapeMismatch.self) { try kernel.multiplyAdjoint(Matrix(rows: 2, columns: 5)) }
  }
}
