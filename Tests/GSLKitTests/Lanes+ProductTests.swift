import Testing

@testable import GSLKit

@Suite("Lanes+Product")
struct LanesProductTests {
  /// C + op(A) op(B), each element a sum over k in order.
  private func plain<S: Scalar>(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: [S], _ b: [S],
    _ c: [S]
  ) -> [S] {
    var c = c
    for i in 0..<m {
      for j in 0..<n {
        var sum: S = 0
        for p in 0..<k {
          sum += a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j]
        }
        c[i * n + j] += sum
      }
    }
    return c
  }

  private func check<V: SIMD & BitwiseCopyable>(_ lanes: V.Type) where V.Scalar: Scalar {
    let random = RandomSource(seed: 4)
    for trial in 0..<60 {
      let (m, n, k) = (1 + trial % 9, 1 + random.integer(below: 18), 1 + random.integer(below: 6))
      for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
        func numbers(_ count: Int) -> [V.Scalar] {
          (0..<count).map { _ in V.Scalar(random.uniform(-2, 2)) }
        }
        let (a, b, c) = (numbers(m * k), numbers(k * n), numbers(m * n))
        let (lda, ldb) = (transposeA ? m : k, transposeB ? k : n)
        var ours = c
        Lanes.addProduct(lanes, transposeA, transposeB, m, n, k, a, lda, b, ldb, &ours)
        #expect(
          ours == plain(transposeA, transposeB, m, n, k, a, b, c),
          "\(m) x \(k) times \(k) x \(n), transposed: \(transposeA), \(transposeB)")
        #if arch(x86_64)
          // Elsewhere a C compiler may fuse a product and a sum into one rounding.
          var (fresh, library) = ([V.Scalar](repeating: 0, count: m * n), c)
          library = fresh
          Lanes.addProduct(lanes, transposeA, transposeB, m, n, k, a, lda, b, ldb, &fresh)
          V.Scalar.addProduct(transposeA, transposeB, m, n, k, a, lda, b, ldb, &library)
          #expect(fresh == library)
        #endif
      }
    }
  }

  @Test("every shape and orientation gives the plain loops' product, and gslcblas's, to the bit")
  func products() {
    check(SIMD4<Double>.self)
    check(SIMD8<Float>.self)
  }

  @Test("a NaN and an infinity reach every element they belong to, and no other")
  func notNumbers() {
    var c = [Double](repeating: 0, count: 6)
    Lanes.addProduct(
      SIMD4<Double>.self, false, false, 2, 3, 2, [1, 0, 0, 1], 2, [1, .nan, 2, 3, 4, .infinity], 3,
      &c)
    #expect(c[0] == 1 && c[1].isNaN && c[2].isNaN)
    #expect(c[3] == 3 && c[4].isNaN && c[5] == .infinity)
  }

  @Test("y + alpha x, for any count")
  func addScaled() {
    for count in 0..<10 {
      let x = (0..<count).map { Double($0) + 0.3 }
      var y = [Double](repeating: 0.1, count: count + 1)
      Lanes.addScaled(1.7, x, &y, count)
      #expect(y == x.map { 0.1 + 1.7 * $0 } + [0.1])
    }
  }
}
