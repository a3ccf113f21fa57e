import GSLKit
import Testing

@Suite("Matrix+Blocks")
struct MatrixBlocksTests {
  @Test("reshaping keeps the elements and their order, and comes back")
  func reshaped() throws {
    let matrix = try Matrix([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    let narrow = try matrix.reshaped(columns: 2)
    #expect(narrow.nested == [[1, 2], [3, 4], [5, 6], [7, 8]])
    #expect(try narrow.reshaped(columns: 4) == matrix)
    for width in [3, 0] {
      #expect(throws: ShapeMismatch.self) { try matrix.reshaped(columns: width) }
    }
  }

  @Test("columns are taken out and put side by side again", arguments: 1...10)
  func columns(seed: Int) throws {
    let random = RandomSource(seed: UInt64(seed))
    let width = 2 + random.integer(below: 6)
    let cut = random.integer(below: width + 1)
    let matrix: Matrix<Double> = random.matrix(rows: 3, columns: width, -1, 1)
    let (left, right) = (matrix.columns(0..<cut), matrix.columns(cut..<width))
    for i in 0..<3 {
      for j in 0..<cut { #expect(left[i, j] == matrix[i, j]) }
      for j in cut..<width { #expect(right[i, j - cut] == matrix[i, j]) }
    }
    #expect(try Matrix(sideBySide: [left, right]) == matrix)
    #expect(throws: ShapeMismatch.self) {
      try Matrix(sideBySide: [matrix, Matrix(rows: 2, columns: 1)])
    }
  }

  @Test("a product of blocks is the product of each pair of blocks", arguments: 1...10)
  func blockProduct(seed: Int) throws {
    let random = RandomSource(seed: UInt64(seed))
    func size() -> Int { 1 + random.integer(below: 5) }
    let (m, k, n, blocks) = (size(), size(), size(), size())
    for transposeA in [false, true] {
      for transposeB in [false, true] {
        let a: Matrix<Double> = random.matrix(
          rows: blocks * (transposeA ? k : m), columns: transposeA ? m : k, -1, 1)
        let b: Matrix<Double> = random.matrix(
          rows: blocks * (transposeB ? n : k), columns: transposeB ? k : n, -1, 1)
        let product = try Matrix.blockProduct(
          a, transposeFirst: transposeA, b, transposeSecond: transposeB, blocks: blocks)
        #expect(product.shape == [blocks * m, n])
        for s in 0..<blocks {
          for i in 0..<m {
            for j in 0..<n {
              var sum = 0.0
              for l in 0..<k {
                sum +=
                  (transposeA ? a[s * k + l, i] : a[s * m + i, l])
                  * (transposeB ? b[s * n + j, l] : b[s * k + l, j])
              }
              #expect(abs(product[s * m + i, j] - sum) < 1e-14)
            }
          }
        }
      }
    }
  }

  @Test("blocks that do not fit are errors")
  func mismatches() {
    let a = Matrix<Double>(rows: 4, columns: 3)
    for (b, blocks) in [(Matrix<Double>(rows: 4, columns: 3), 2), (a, 3), (a, 0)] {
      #expect(throws: ShapeMismatch.self) { try Matrix.blockProduct(a, b, blocks: blocks) }
    }
  }
}
