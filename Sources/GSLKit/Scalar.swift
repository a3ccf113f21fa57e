/// The arithmetic a model works in: `Double` or `Float`.
///
/// Every loop over elements and every BLAS call is a requirement on this protocol, written once for
/// each of the two types: a generic loop cannot be specialised across modules, and in a debug build
/// it runs several times slower than a concrete one. All buffers are contiguous; `count` elements
/// are read and written.
public protocol Scalar: BinaryFloatingPoint, Codable, Sendable, CustomStringConvertible {
  /// Half the distance from 1 to the next number: the largest relative error of one rounding.
  static var unitRoundoff: Double { get }

  /// `count` times the same number. Asked of the type, because a generic array is filled element by
  /// element through a table of functions.
  static func array(repeating value: Self, count: Int) -> [Self]

  /// The same numbers as Doubles, and back with one rounding each; asked of the type for the same
  /// reason.
  static func doubles(_ values: [Self]) -> [Double]
  /// The nearest numbers of this type.
  static func array(rounding values: [Double]) -> [Self]
  /// This number as a Double.
  var asDouble: Double { get }

  /// C := C + op(A) op(B), where op transposes where its flag says so. Row-major: op(A) is m x k,
  /// op(B) is k x n, C is m x n; `lda` and `ldb` are the stored row lengths.
  static func addProduct(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int,
    _ c: UnsafeMutablePointer<Self>)

  /// y := y + alpha x.
  static func addScaled(
    _ alpha: Self, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
  /// Adds `row` (columns elements) to each of the `rows` rows of y.
  static func addRow(
    _ row: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
  /// Adds the sum of each column of x (rows x columns) to `sums`.
  static func addColumnSums(
    _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)

  /// y_i := x at indices_i, or 0 where that is negative.
  static func gather(
    _ x: UnsafePointer<Self>, _ indices: UnsafePointer<Int32>, _ y: UnsafeMutablePointer<Self>,
    _ count: Int)
  /// The adjoint of `gather`: adds y_i to x at indices_i, to nothing where that is negative.
  static func scatterAdd(
    _ y: UnsafePointer<Self>, _ indices: UnsafePointer<Int32>, _ x: UnsafeMutablePointer<Self>,
    _ count: Int)

  /// x := f(x), in place.
  static func apply(_ f: ElementwiseFunction, _ x: UnsafeMutablePointer<Self>, _ count: Int)
  /// cotangent := cotangent * f'(x), element by element. At the kink of relu the convention is
  /// f'(0) = 0.
  static func multiplyByDerivative(
    of f: ElementwiseFunction, at x: UnsafePointer<Self>, _ cotangent: UnsafeMutablePointer<Self>,
    _ count: Int)

  /// The sum of (y - t)^2, compensated.
  static func sumOfSquaredDifferences(
    _ y: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ count: Int
  ) -> Self
  /// The sum of -t log y - (1 - t) log(1 - y) with y = sigmoid(a), computed from the logits a as
  /// max(a, 0) - t a + log1p(exp(-|a|)), for t in [0, 1] a sum of two numbers >= 0; compensated.
  static func sumOfLogisticLosses(
    logits a: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ count: Int
  ) -> Self
  /// The sum of -t log y - (1 - t) log(1 - y) from probabilities y in [0, 1], compensated.
  static func sumOfBernoulliLosses(
    probabilities y: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ count: Int
  ) -> Self
  /// The sum over rows of -sum_j t_j log softmax(a)_j, computed with the row's largest logit taken
  /// out first, compensated.
  static func sumOfSoftmaxLosses(
    logits a: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ rows: Int, _ columns: Int
  ) -> Self
  /// Replaces each row of x by its softmax.
  static func softmaxRows(_ x: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

/// The elementwise functions that layers use as activations.
public enum ElementwiseFunction: String, Codable, Sendable, CaseIterable {
  /// x.
  case identity
  /// The hyperbolic tangent.
  case tanh
  /// 1 / (1 + exp(-x)).
  case sigmoid
  /// max(x, 0).
  case relu
  /// log(1 + exp(x)), computed as max(x, 0) + log1p(exp(-|x|)).
  case softplus
}

/// A running sum whose rounding error does not grow with the number of terms.
///
/// Neumaier's variant of Kahan summation (A. Neumaier, ZAMM 54, 1974): what each addition loses is
/// collected apart and added at the end; error u |sum| + O(n u^2) sum|terms| instead of
/// O(n u) sum|terms|.
package struct CompensatedSum<S: Scalar> {
  private var sum: S = 0
  private var lost: S = 0

  package init() {}

  @inline(__always)
  package mutating func add(_ term: S) {
    let next = sum + term
    lost += abs(sum) >= abs(term) ? (sum - next) + term : (term - next) + sum
    sum = next
  }

  package var value: S { lost.isFinite ? sum + lost : sum }
}
