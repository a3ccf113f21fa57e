/// Elementary functions of four Doubles at a time, within two and a half units in the last place.
///
/// The textbook way (J.-M. Muller, Elementary Functions, 3rd ed. 2016, chapters 3 and 11): bring the
/// argument into a small interval by arithmetic that loses nothing, take the Taylor polynomial there,
/// undo the reduction. Nothing branches, so that all lanes take the same way; NaN comes out as NaN.
extension Lanes {
  typealias Four = SIMD4<Double>

  /// ln 2 in two parts. The first has 32 bits, so that small integers times it are exact.
  static let ln2High = 0x1.62e42feep-1
  static let ln2Low = 0x1.a39ef35793c76p-33

  /// exp(x) for x <= 0.
  @inline(__always)
  static func exponential(ofNegative x: Four) -> Four {
    let (power, rest) = reducedExponential(x)
    // Twice, so that what lies below the normal numbers is rounded and not lost.
    return (power + power * rest) * 0x1p-64
  }

  /// x <= 0 as 2^n (1 + rest) = exp(x): 2^(n + 64), and rest in (-0.3, 0.42).
  @inline(__always)
  private static func reducedExponential(_ x: Four) -> (power: Four, rest: Four) {
    // Beyond -746 the result is 0 in any case.
    let x = x.replacing(with: -746, where: x .< -746)
    // Adding 1.5 2^52 rounds to an integer, and leaves it in the last bits.
    let shifted = x * 1.4426950408889634 + 0x1.8p52
    let n = shifted - 0x1.8p52
    let r = (x - n * ln2High) - n * ln2Low
    // (exp(r) - 1 - r) / r^2 in pairs of terms, which do not wait for each other; |r| <= ln 2 / 2, and
    // the first term left out is below 5e-18.
    let square = r * r
    var q = pair(1 / 479_001_600, 1 / 6_227_020_800, r)
    q = q * square + pair(1 / 3_628_800, 1 / 39_916_800, r)
    q = q * square + pair(1 / 40_320, 1 / 362_880, r)
    q = q * square + pair(1 / 720, 1 / 5040, r)
    q = q * square + pair(1 / 24, 1 / 120, r)
    q = q * square + pair(1 / 2, 1 / 6, r)
    let exponent = (unsafeBitCast(shifted, to: SIMD4<UInt64>.self) &+ (1023 + 64)) &<< 52
    return (unsafeBitCast(exponent, to: Four.self), r + square * q)
  }

  /// tanh(x).
  @inline(__always)
  static func tanh(_ x: Four) -> Four {
    let magnitude = absolute(x)
    let (power, rest) = reducedExponential(-2 * magnitude)
    let scale = power * 0x1p-64
    let tail = scale * rest
    // e = exp(-2|x|). Near 0, (1 - e) / (1 + e) needs 1 - e from its parts, before it cancels; away from
    // 0, 1 - 2 e / (1 + e) keeps the error of e small beside 1.
    let e = scale + tail
    let isFar = magnitude .> 0.55
    let numerator = ((1 - scale) - tail).replacing(with: -2 * e, where: isFar)
    let offset = Four().replacing(with: 1, where: isFar)
    return withSign(of: x, offset + numerator / (1 + e))
  }

  /// 1 / (1 + exp(-x)), from the exponential that cannot overflow on either side.
  @inline(__always)
  static func sigmoid(_ x: Four) -> Four {
    let e = exponential(ofNegative: -absolute(x))
    return e.replacing(with: 1, where: x .>= 0) / (1 + e)
  }

  /// max(x, 0) + log1p(exp(-|x|)).
  @inline(__always)
  static func softplus(_ x: Four) -> Four {
    let (n, rest) = logarithm(of1Plus: exponential(ofNegative: -absolute(x)))
    // The sum from the smallest to the largest.
    return x.replacing(with: 0, where: x .< 0) + (n * ln2High + (rest + n * ln2Low))
  }

  /// log(1 + p) for p >= 0 as n ln 2 + rest, n an integer: a sum of many can add up the n, which are
  /// exact, apart from the rests.
  @inline(__always)
  static func logarithm(of1Plus p: Four) -> (n: Four, rest: Four) {
    let u = 1 + p
    // u = 2^n m, m in [sqrt(1/2), sqrt(2)): the exponent's bits of u / sqrt(1/2), as a number.
    let bits = unsafeBitCast(u, to: SIMD4<UInt64>.self)
    let exponent = (bits &- 0x3fe6_a09e_667f_3bcd) &>> 52
    let n = unsafeBitCast(exponent | 0x4330_0000_0000_0000, to: Four.self) - 0x1p52
    let m = unsafeBitCast(bits &- (exponent &<< 52), to: Four.self)
    // What 1 + p lost: near 0 that is most of p.
    let isSmall = n .== 0
    let lost = (p - (u - 1)).replacing(with: 1 - (u - p), where: p .> 1)
    let correction = (lost / u).replacing(with: 0, where: isSmall)
    let f = (m - 1).replacing(with: p, where: isSmall)
    // log(1 + f) = 2 artanh(s), s = f / (2 + f), |s| <= 0.172; the first term left out of the sum is
    // below 1e-19. 2 s = f - s f keeps f whole.
    let s = f / (2 + f)
    let z = s * s
    let square = z * z
    var q = 2 / 19 + z * pair(2 / 21, 2 / 23, z)
    q = q * square + pair(2 / 15, 2 / 17, z)
    q = q * square + pair(2 / 11, 2 / 13, z)
    q = q * square + pair(2 / 7, 2 / 9, z)
    q = q * square + pair(2 / 3, 2 / 5, z)
    return (n, f - (s * (f - z * q) - correction))
  }

  /// a + b x, two terms of a polynomial.
  @inline(__always)
  private static func pair(_ a: Double, _ b: Double, _ x: Four) -> Four { a + b * x }

  @inline(__always)
  static func absolute(_ x: Four) -> Four {
    unsafeBitCast(unsafeBitCast(x, to: SIMD4<UInt64>.self) & (.max >> 1), to: Four.self)
  }

  /// `magnitude` >= 0 with the sign of x.
  @inline(__always)
  private static func withSign(of x: Four, _ magnitude: Four) -> Four {
    let sign = unsafeBitCast(x, to: SIMD4<UInt64>.self) & (1 << 63)
    return unsafeBitCast(unsafeBitCast(magnitude, to: SIMD4<UInt64>.self) | sign, to: Four.self)
  }
}
