// Sums over lanes: the terms and their compensation as the scalar loops have them, four sums side by
// side, joined at the end.
extension Lanes {
  /// Four compensated sums. What an addition loses comes from Knuth's two-sum (TAOCP vol. 2, 4.2.2,
  /// theorem B), which needs no comparison of magnitudes.
  private struct CompensatedSums {
    private var sums = Four()
    private var lost = Four()

    @inline(__always)
    mutating func add(_ terms: Four) {
      let next = sums + terms
      let back = next - sums
      lost += (sums - (next - back)) + (terms - back)
      sums = next
    }

    var total: CompensatedSum<Double> {
      var total = CompensatedSum<Double>()
      for l in 0..<4 { total.add(sums[l]) }
      // After an overflow or a NaN nothing is known of what was lost.
      for l in 0..<4 where lost[l].isFinite { total.add(lost[l]) }
      return total
    }
  }

  /// The sum of (y - t)^2.
  static func sumOfSquaredDifferences(
    _ y: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sums = CompensatedSums()
    var i = 0
    while i < count {
      let difference = load(y, i, count) - load(t, i, count)
      sums.add(difference * difference)
      i += 4
    }
    return sums.total.value
  }

  /// The sum of max(a, 0) - t a + log1p(exp(-|a|)): see `Scalar.sumOfLogisticLosses`.
  static func sumOfLogisticLosses(
    logits a: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sums = CompensatedSums()
    // (1 + e_1) ... (1 + e_16) - 1 in each lane, all terms positive: one logarithm for sixteen
    // elements, and no digit of a small one lost. The logarithm's multiples of ln 2 are counted apart,
    // exactly; only what is left of it is rounded.
    var product = Four()
    var powers = Four()
    var i = 0
    while i < count {
      // A missing element of the last four adds 0 to both parts.
      let logits = load(a, i, count, orElse: -1e4)
      let targets = load(t, i, count)
      sums.add(logits * (Four().replacing(with: 1, where: logits .> 0) - targets))
      let e = exponential(ofNegative: -absolute(logits))
      product += e + product * e
      i += 4
      if i % 64 == 0 || i >= count {
        let logarithm = logarithm(of1Plus: product)
        powers += logarithm.n
        sums.add(logarithm.rest)
        product = Four()
      }
    }
    var total = sums.total
    total.add(powers.sum() * ln2High)
    total.add(powers.sum() * ln2Low)
    return total.value
  }

  /// x := f(x).
  @inline(__always)
  static func map(_ x: UnsafeMutablePointer<Double>, _ count: Int, _ f: (Four) -> Four) {
    var i = 0
    while i + 4 <= count {
      UnsafeMutableRawPointer(x + i).storeBytes(of: f(load(x, i, count)), as: Four.self)
      i += 4
    }
    guard i < count else { return }
    let last = f(load(x, i, count))
    for l in 0..<(count - i) { x[i + l] = last[l] }
  }

  /// The four elements from x[i] on, `missing` for those beyond `count`.
  @inline(__always)
  private static func load(
    _ x: UnsafePointer<Double>, _ i: Int, _ count: Int, orElse missing: Double = 0
  ) -> Four {
    if i + 4 <= count { return UnsafeRawPointer(x + i).loadUnaligned(as: Four.self) }
    var four = Four(repeating: missing)
    for l in 0..<(count - i) { four[l] = x[i + l] }
    return four
  }
}
