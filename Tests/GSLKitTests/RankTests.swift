import GSLKit
import Testing

struct RankTests {
  @Test func theRankOfASumOfOuterProductsIsTheirNumber() throws {
    for (rows, columns) in [(6, 4), (4, 6), (5, 5)] {
      for rank in 0...3 {
        let random = RandomSource(seed: UInt64(10 * rows + rank))
        var elements = [Double](repeating: 0, count: rows * columns)
        for _ in 0..<rank {
          let u = (0..<rows).map { _ in random.normal() }
          let v = (0..<columns).map { _ in random.normal() }
          for i in 0..<rows { for j in 0..<columns { elements[i * columns + j] += u[i] * v[j] } }
        }
        #expect(try numericalRank(elements, columns: columns, noise: 0) == rank)
      }
    }
  }

  @Test func whatLiesInTheNoiseDoesNotCount() throws {
    let elements = [1, 0, 0, 1e-6]
    #expect(try numericalRank(elements, columns: 2, noise: 0) == 2)
    #expect(try numericalRank(elements, columns: 2, noise: 1e-5) == 1)
  }
}
