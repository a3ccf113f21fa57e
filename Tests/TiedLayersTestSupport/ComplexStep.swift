import Foundation

/// What the plain references of the tests compute with: numbers of one kind or another.
package protocol PlainNumber {
  init(real: Double)
  /// The real part.
  var re: Double { get }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  var tanh: Self { get }
  static func / (a: Self, b: Self) -> Self
  var exponential: Self { get }
  /// Of a number whose real part is above 0.
  var squareRoot: Self { get }
}

extension PlainNumber {
  package static func += (a: inout Self, b: Self) { a = a + b }
}

extension Double: PlainNumber {
  package init(real: Double) { self = real }
  package var re: Double { self }
  package var tanh: Double { Foundation.tanh(self) }
  package var exponential: Double { Foundation.exp(self) }
  package var squareRoot: Double { squareRoot() }
}

/// A complex number for the complex step: f'(x) = Im f(x + i h) / h without any subtraction, exact to
/// rounding for h = 1e-100 (Squire & Trapp, SIAM Review 40, 1998).
package struct Complex: PlainNumber {
  package var re: Double
  package var im: Double

  package init(_ re: Double, _ im: Double) {
    self.re = re
    self.im = im
  }
  package init(real: Double) { self.init(real, 0) }

  package static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  package static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
  package static func * (a: Self, b: Self) -> Self {
    Self(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }

  /// To the first order in the imaginary part, which is all that h = 1e-100 leaves.
  package var tanh: Self {
    let c = Foundation.cosh(re)
    return Self(Foundation.tanh(re), im / (c * c))
  }
  package static func / (a: Self, b: Self) -> Self {
    let square = b.re * b.re + b.im * b.im
    return Self((a.re * b.re + a.im * b.im) / square, (a.im * b.re - a.re * b.im) / square)
  }
  package var exponential: Self {
    Self(Foundation.exp(re) * Foundation.cos(im), Foundation.exp(re) * Foundation.sin(im))
  }
  package var squareRoot: Self {
    let root = re.squareRoot()
    return Self(root, im / (2 * root))
  }
}

/// df/dx[i] for every i, exact to rounding.
package func complexStep(_ x: [Double], _ f: ([Complex]) -> Complex) -> [Double] {
  x.indices.map { i in
    var moved = x.map { Complex(real: $0) }
    moved[i].im = 1e-100
    return f(moved).im / 1e-100
  }
}
