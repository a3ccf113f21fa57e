import CGSL

/// A seeded stream of random numbers: GSL's Mersenne twister (gsl_rng_mt19937).
///
/// The same seed gives the same numbers on every machine. Not for use from several threads at once.
public final class RandomSource {
  private let generator: OpaquePointerBox

  /// The generator mt19937 of GSL, started by `seed`: the same seed gives the same numbers.
  public init(seed: UInt64) {
    _ = GSL.ready
    generator = OpaquePointerBox(gsl_rng_alloc(tiecheck_rng_mt19937()))
    // mt19937 takes 32 bits; what is above them is mixed in. Seeds below 2^32 are GSL's own, so that
    // streams can be compared; GSL takes 0 for its default, 4357.
    gsl_rng_set(generator.pointer, UInt(truncatingIfNeeded: (seed ^ (seed >> 32)) & 0xffff_ffff))
  }

  /// Uniform in [lower, upper).
  public func uniform(_ lower: Double = 0, _ upper: Double = 1) -> Double {
    lower + (upper - lower) * gsl_rng_uniform(generator.pointer)
  }

  /// Normal with mean 0 and the given standard deviation.
  public func normal(deviation: Double = 1) -> Double {
    gsl_ran_gaussian(generator.pointer, deviation)
  }

  /// Uniform in 0..<bound, where `bound` is below 2^32: GSL would answer 0 to a larger one.
  public func integer(below bound: Int) -> Int {
    precondition(
      bound > 0 && bound <= 0xffff_ffff, "a random integer needs a bound in 1..<2^32, not \(bound)")
    return Int(gsl_rng_uniform_int(generator.pointer, UInt(bound)))
  }

  /// +1 or -1.
  package func sign() -> Double { integer(below: 2) == 0 ? -1 : 1 }

  /// The numbers 0..<count in random order (Fisher-Yates).
  package func permutation(of count: Int) -> [Int] {
    var result = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { result.swapAt(i, integer(below: i + 1)) }
    return result
  }

  /// A matrix of independent uniform numbers.
  public func matrix<S: Scalar>(
    rows: Int, columns: Int, _ lower: Double = 0, _ upper: Double = 1, as type: S.Type = S.self
  ) -> Matrix<S> {
    var result = Matrix<S>(rows: rows, columns: columns)
    for i in result.elements.indices { result.elements[i] = S(uniform(lower, upper)) }
    return result
  }
}

/// Owns a `gsl_rng` and frees it.
private final class OpaquePointerBox {
  let pointer: UnsafeMutablePointer<gsl_rng>

  init(_ pointer: UnsafeMutablePointer<gsl_rng>?) {
    guard let pointer else { fatalError("no memory for a random number generator") }
    self.pointer = pointer
  }

  deinit { gsl_rng_free(pointer) }
}
