import Foundation

/// A complex number, for the complex step alone: just the functions a network's loss is made of.
///
/// Every formula keeps the digits of an imaginary part that is a hundred orders of magnitude below the
/// real one, because that part is the derivative.
struct ComplexNumber {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double = 0) {
    self.re = re
    self.im = im
  }

  static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
  static func * (a: Self, b: Self) -> Self {
    Self(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }
  static func * (a: Double, b: Self) -> Self { Self(a * b.re, a * b.im) }
  static func / (a: Self, b: Self) -> Self {
    let square = b.re * b.re + b.im * b.im
    return Self((a.re * b.re + a.im * b.im) / square, (a.im * b.re - a.re * b.im) / square)
  }
  static prefix func - (a: Self) -> Self { Self(-a.re, -a.im) }

  var exponential: Self {
    let size = Foundation.exp(re)
    return Self(size * Foundation.cos(im), size * Foundation.sin(im))
  }

  /// log z, for a real part above 0.
  var logarithm: Self {
    Self(Foundation.log(Foundation.hypot(re, im)), Foundation.atan2(im, re))
  }

  /// log(1 + z), for a real part above -1.
  var logarithmOfOnePlus: Self {
    Self(
      0.5 * Foundation.log1p(2 * re + (re * re + im * im)), Foundation.atan2(im, 1 + re))
  }

  /// With t = tanh(re), u = tan(im): (t + iu) / (1 + itu), multiplied out; 1 - t^2 is written as
  /// 1 / cosh^2, which keeps its digits where t is near 1.
  var hyperbolicTangent: Self {
    let t = Foundation.tanh(re)
    let u = Foundation.tan(im)
    let cosh = Foundation.cosh(re)
    let square = 1 + t * t * u * u
    return Self(t * (1 + u * u) / square, u / cosh / cosh / square)
  }

  /// 1 / (1 + exp(-z)), by the exponential that cannot overflow.
  var logistic: Self {
    if re >= 0 { return Self(1) / (Self(1) + (-self).exponential) }
    let e = exponential
    return e / (Self(1) + e)
  }

  /// log(1 + exp(z)), by the exponential that cannot overflow.
  var softplus: Self {
    re > 0 ? self + (-self).exponential.logarithmOfOnePlus : exponential.logarithmOfOnePlus
  }

  /// The branch is that of the real part; at 0 the slope is 0 by convention.
  var rectified: Self { re > 0 ? self : Self(0) }
}
