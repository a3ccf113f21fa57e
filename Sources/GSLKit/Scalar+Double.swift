import CGSL
import Foundation

// The loops are written with `while` and raw pointers: in a debug build that is what keeps a
// whole gradient check within seconds.
extension Double: Scalar {
  /// Half of `ulpOfOne`.
  public static var unitRoundoff: Double { Double(Double.ulpOfOne) / 2 }

  /// `count` times the same number.
  public static func array(repeating value: Double, count: Int) -> [Double] {
    [Double](repeating: value, count: count)
  }

  /// The same numbers as Doubles.
  public static func doubles(_ values: [Double]) -> [Double] { values }

  /// The nearest numbers of this type.
  public static func array(rounding values: [Double]) -> [Double] { values }

  /// This number as a Double.
  public var asDouble: Double { self }

  /// C := C + op(A) op(B), by GSL's CBLAS.
  public static func addProduct(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>, _ ldb: Int,
    _ c: UnsafeMutablePointer<Double>
  ) {
    guard !Lanes.areFast else {
      return Lanes.addProduct(Lanes.Four.self, transposeA, transposeB, m, n, k, a, lda, b, ldb, c)
    }
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), 1, c, Int32(n))
  }

  /// y := y + alpha x, by GSL's CBLAS.
  public static func addScaled(
    _ alpha: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    guard !Lanes.areFast else { return Lanes.addScaled(alpha, x, y, count) }
    cblas_daxpy(Int32(count), alpha, x, 1, y, 1)
  }

  /// Adds `row` to each row of y.
  public static func addRow(
    _ row: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
  ) {
    var i = 0
    while i < rows {
      addScaled(1, row, y + i * columns, columns)
      i += 1
    }
  }

  /// Adds the sum of each column of x to `sums`.
  public static func addColumnSums(
    _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
  ) {
    var i = 0
    while i < rows {
      addScaled(1, x + i * columns, sums, columns)
      i += 1
    }
  }

  /// y_i := x at indices_i; 0 for a negative index.
  public static func gather(
    _ x: UnsafePointer<Double>, _ indices: UnsafePointer<Int32>, _ y: UnsafeMutablePointer<Double>,
    _ count: Int
  ) {
    var i = 0
    while i < count {
      let index = Int(indices[i])
      y[i] = index < 0 ? 0 : x[index]
      i += 1
    }
  }

  /// Adds y_i to x at indices_i; a negative index adds nothing.
  public static func scatterAdd(
    _ y: UnsafePointer<Double>, _ indices: UnsafePointer<Int32>, _ x: UnsafeMutablePointer<Double>,
    _ count: Int
  ) {
    var i = 0
    while i < count {
      let index = Int(indices[i])
      if index >= 0 { x[index] += y[i] }
      i += 1
    }
  }

  /// x := f(x), element by element.
  public static func apply(
    _ f: ElementwiseFunction, _ x: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    var i = 0
    switch f {
    case .identity: break
    case .tanh:
      guard !Lanes.areFast else { return Lanes.map(x, count, Lanes.tanh) }
      while i < count {
        x[i] = Foundation.tanh(x[i])
        i += 1
      }
    case .sigmoid:
      guard !Lanes.areFast else { return Lanes.map(x, count, Lanes.sigmoid) }
      while i < count {
        x[i] = sigmoid(x[i])
        i += 1
      }
    case .relu:
      // A NaN must stay a NaN: max(x, 0) would hide it.
      while i < count {
        x[i] = x[i] < 0 ? 0 : x[i]
        i += 1
      }
    case .softplus:
      guard !Lanes.areFast else { return Lanes.map(x, count, Lanes.softplus) }
      while i < count {
        x[i] = softplus(x[i])
        i += 1
      }
    }
  }

  /// cotangent := cotangent * f'(x), element by element.
  public static func multiplyByDerivative(
    of f: ElementwiseFunction, at x: UnsafePointer<Double>,
    _ cotangent: UnsafeMutablePointer<Double>,
    _ count: Int
  ) {
    var i = 0
    switch f {
    case .identity: break
    case .tanh:
      // 1 - tanh^2 = 4 e / (1 + e)^2 with e = exp(-2|x|): near saturation 1 - y has no digits left.
      while i < count {
        let e = Foundation.exp(-2 * Swift.abs(x[i]))
        cotangent[i] *= 4 * e / ((1 + e) * (1 + e))
        i += 1
      }
    case .sigmoid:
      // sigmoid(-x) keeps the digits that 1 - sigmoid(x) loses.
      while i < count {
        cotangent[i] *= sigmoid(x[i]) * sigmoid(-x[i])
        i += 1
      }
    case .relu:
      while i < count {
        if x[i] <= 0 { cotangent[i] = 0 }
        i += 1
      }
    case .softplus:
      while i < count {
        cotangent[i] *= sigmoid(x[i])
        i += 1
      }
    }
  }

  /// The sum of (y - t)^2, compensated.
  public static func sumOfSquaredDifferences(
    _ y: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    guard !Lanes.areFast else { return Lanes.sumOfSquaredDifferences(y, t, count) }
    var sum: Double = 0
    var lost: Double = 0
    var i = 0
    while i < count {
      let difference = y[i] - t[i]
      let term = difference * difference
      let next = sum + term
      lost += sum >= term ? (sum - next) + term : (term - next) + sum
      sum = next
      i += 1
    }
    return lost.isFinite ? sum + lost : sum
  }

  /// Binary cross-entropy from logits, summed with compensation.
  public static func sumOfLogisticLosses(
    logits a: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    guard !Lanes.areFast else { return Lanes.sumOfLogisticLosses(logits: a, t, count) }
    var sum = CompensatedSum<Double>()
    // (1 + e_1) ... (1 + e_8) - 1, all terms positive: one logarithm for eight elements, and no digit
    // of a small one lost.
    var product: Double = 0
    var i = 0
    while i < count {
      // softplus(a) - t a without the difference of two numbers near a, which would leave nothing
      // of the small loss of a confident right answer.
      sum.add(a[i] > 0 ? a[i] * (1 - t[i]) : -t[i] * a[i])
      let e = Foundation.exp(-Swift.abs(a[i]))
      product += e + product * e
      i += 1
      if i % 8 == 0 || i == count {
        sum.add(Foundation.log1p(product))
        product = 0
      }
    }
    return sum.value
  }

  /// Binary cross-entropy from probabilities, summed with compensation.
  public static func sumOfBernoulliLosses(
    probabilities y: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sum = CompensatedSum<Double>()
    var i = 0
    while i < count {
      // 0 log 0 is 0.
      if t[i] != 0 { sum.add(-t[i] * Foundation.log(y[i])) }
      if t[i] != 1 { sum.add((t[i] - 1) * Foundation.log1p(-y[i])) }
      i += 1
    }
    return sum.value
  }

  /// Cross-entropy from logits, row by row, summed with compensation.
  public static func sumOfSoftmaxLosses(
    logits a: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ rows: Int, _ columns: Int
  ) -> Double {
    var sum = CompensatedSum<Double>()
    var i = 0
    while i < rows {
      let row = a + i * columns
      let largest = self.largest(row, columns)
      var exponentials = CompensatedSum<Double>()
      var j = 0
      while j < columns {
        exponentials.add(Foundation.exp(row[j] - largest))
        j += 1
      }
      let logOfSum = Foundation.log(exponentials.value)
      j = 0
      while j < columns {
        sum.add(t[i * columns + j] * (logOfSum - (row[j] - largest)))
        j += 1
      }
      i += 1
    }
    return sum.value
  }

  /// Replaces each row of x by its softmax.
  public static func softmaxRows(_ x: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int) {
    var i = 0
    while i < rows {
      let row = x + i * columns
      let largest = self.largest(row, columns)
      var total: Double = 0
      var j = 0
      while j < columns {
        row[j] = Foundation.exp(row[j] - largest)
        total += row[j]
        j += 1
      }
      cblas_dscal(Int32(columns), 1 / total, row, 1)
      i += 1
    }
  }

  /// The largest of `count` elements. A NaN is passed over here: it comes out of its exponential.
  private static func largest(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
    var largest = -Double.infinity
    var j = 0
    while j < count {
      if x[j] > largest { largest = x[j] }
      j += 1
    }
    return largest
  }

  /// Uses the exponential that cannot overflow on either side.
  private static func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + Foundation.exp(-x)) }
    let e = Foundation.exp(x)
    return e / (1 + e)
  }

  private static func softplus(_ x: Double) -> Double {
    (x > 0 ? x : 0) + Foundation.log1p(Foundation.exp(-Swift.abs(x)))
  }
}
