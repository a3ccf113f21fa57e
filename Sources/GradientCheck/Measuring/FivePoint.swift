import GSLKit

/// What one entry's witness says: a derivative and how far it can be trusted.
package struct DerivativeBound: Codable, Equatable, Sendable {
  /// The derivative, D.
  package var value: Double
  /// The error bound, E: |D - true derivative| <= E.
  package var bound: Double
  /// The step h, absolute.
  package var step: Double
}

/// The first witness: four evaluations around an entry, a derivative and a bound.
///
/// With f0 shared, at x +- h and x +- 2h, using the steps actually represented:
///
///     d1 = f1 - f-1      d2 = f2 - f-2
///     D  = (8 d1 - d2) / 12 h                        truncation h^4 f5 / 30
///     D3 = d2 - 2 d1                                 = 2 h^3 f''' where smooth
///     D4 = (f2 + f-2 - 2 f0) - 4 (f1 + f-1 - 2 f0)   = h^4 f'''' where smooth
///     E  = 0.95 z sigma / h + 0.2 |D3| / h + 0.3 |D4| / h
///
/// E covers the noise, the truncation error of a smooth loss, and a single corner anywhere in x +- 2h. Where
/// its numbers come from stands in `FivePointRule`.
struct FivePoint {
  let x: Double
  let step: Double
  /// f(x - 2h), f(x - h), f(x), f(x + h), f(x + 2h).
  let values: [Double]
  let value: Double
  let d3: Double
  let d4: Double
  /// The noise used: the objective's, or the rounding of these very values if that is larger.
  let sigma: Double
  /// The rounding of these very values.
  let rounding: Double
  /// The bound's part that shrinks with a larger step, and the part that shrinks with a smaller one.
  let noiseBound: Double
  let truncationBound: Double

  var bound: Double { noiseBound + truncationBound }
  /// The losses are finite, and so is what is made of them.
  var isFinite: Bool { hasFiniteLosses && value.isFinite && bound.isFinite }
  var hasFiniteLosses: Bool { values.allSatisfy(\.isFinite) }

  /// D3 and D4 are what noise alone would make them.
  func isSmooth(z: Double) -> Bool {
    abs(d3) <= FivePointRule.thirdNoise * z * sigma
      && abs(d4) <= FivePointRule.fourthNoise * z * sigma
  }
  /// The loss moves, evenly to both sides: the bound is small against what the loss does within the
  /// step, so that zero is a finding and not ignorance.
  var isStationary: Bool {
    bound * step <= 1e-3 * values.reduce(0) { max($0, abs($1 - values[2])) }
  }

  /// The loss did not move at all, bit for bit.
  var isFlat: Bool { values.allSatisfy { $0 == values[2] } }
  var derivativeBound: DerivativeBound {
    DerivativeBound(value: value, bound: bound, step: step)
  }

  /// Four numbers that belong to x + h, x - h, x + 2h and x - 2h.
  struct Four {
    var above1, below1, above2, below2: Double

    func map(_ body: (Double) throws -> Double) rethrows -> Four {
      let (f1, m1) = (try body(above1), try body(below1))
      return Four(above1: f1, below1: m1, above2: try body(above2), below2: try body(below2))
    }
  }

  /// Where the loss is evaluated.
  /// - Parameter rounded: the nearest point that can be represented.
  static func points(at x: Double, step: Double, rounded: (Double) -> Double) -> Four {
    // The mirror image of the point above, so that both arms are equally long where the grid allows.
    let (above1, above2) = (rounded(x + step), rounded(x + 2 * step))
    return Four(
      above1: above1, below1: rounded(x - (above1 - x)), above2: above2,
      below2: rounded(x - (above2 - x)))
  }

  /// - Parameters:
  ///   - points: where the loss was evaluated, and `losses` there.
  ///   - sigma: the noise of one evaluation; z: the quantile that covers all entries together.
  init(
    at x: Double, value f0: Double, points: Four, losses: Four, sigma: Double, z: Double,
    unitRoundoff: Double
  ) {
    let (f1, m1, f2, m2) = (losses.above1, losses.below1, losses.above2, losses.below2)
    let (width1, width2) = (points.above1 - points.below1, points.above2 - points.below2)
    let h = width1 / 2
    let slope1 = (f1 - m1) / width1
    let slope2 = (f2 - m2) / width2
    self.x = x
    self.step = h
    values = [m2, m1, f0, f1, f2]
    value = (4 * slope1 - slope2) / 3
    d3 = 4 * h * (slope2 - slope1)
    d4 = (f2 + m2 - 2 * f0) - 4 * (f1 + m1 - 2 * f0)
    rounding = unitRoundoff / 2 * values.reduce(0) { max($0, abs($1)) }
    self.sigma = max(sigma, rounding)
    noiseBound = FivePointRule.valueNoise * z * self.sigma / h
    truncationBound =
      (FivePointRule.thirdWeight * abs(d3) + FivePointRule.fourthWeight * abs(d4)) / h
  }

  // MARK: Kinks

  /// A jump of the slope: |D4| stands far above the noise, whatever the step.
  func showsKink(z: Double) -> Bool { abs(d4) > FivePointRule.fourthNoise * z * sigma }

  /// The one-sided derivatives, second order: +-(-3 f0 + 4 f+-1 - f+-2) / 2h.
  var oneSided: (left: Double, right: Double) {
    let right = (-3 * values[2] + 4 * values[3] - values[4]) / (2 * step)
    let left = -(-3 * values[2] + 4 * values[1] - values[0]) / (2 * step)
    return (left, right)
  }

  /// Which slope of a corner at x `claim` is, if it is one: the left one, the right one or their mean, within
  /// `tolerance` and the noise of a one-sided derivative. These are the values that are in use as the derivative
  /// there; what lies elsewhere between the two sides is no one's.
  func cornerSlope(_ claim: Double, z: Double, tolerance: Double) -> CornerSlope? {
    let (left, right) = oneSided
    let bound = FivePointRule.oneSidedNoise * z * sigma / step
    return [
      CornerSlope(side: .left, value: left, bound: bound),
      CornerSlope(side: .right, value: right, bound: bound),
      CornerSlope(side: .mean, value: left / 2 + right / 2, bound: bound),
    ].filter { abs(claim - $0.value) <= tolerance + bound }
      .min { abs(claim - $0.value) < abs(claim - $1.value) }
  }

  /// Where a single slope jump explains the four points: its offset from x and its size.
  ///
  /// J = (3 D3 - D4) / 2h with 0 <= D3 / J < h, or J = -(3 D3 + D4) / 2h with -h < D3 / J <= 0;
  /// c = D3 / J. A jump at c > h / 2 has a double at c / (1 - 3c/h) that gives the same four values,
  /// and every one beyond h has one at -h/2: only what lies nearer than h/2 has a place.
  var kink: Kink? {
    for (jump, side) in [((3 * d3 - d4) / (2 * step), 1.0), (-(3 * d3 + d4) / (2 * step), -1.0)]
    where jump != 0 && jump.isFinite {
      let offset = d3 / jump
      if side * offset >= 0 && abs(offset) < 0.49 * step {
        return Kink(offset: offset, jump: jump)
      }
    }
    return nil
  }
}

/// A slope that may be claimed at a corner.
struct CornerSlope {
  enum Side: String {
    case left = "the slope of its left side"
    case right = "the slope of its right side"
    case mean = "the mean of its two slopes"
  }

  let side: Side
  let value: Double
  let bound: Double
}

/// A corner in the loss as a function of one entry.
package struct Kink: Codable, Equatable, Sendable {
  /// Where it is, as a distance from the entry's value.
  package let offset: Double
  /// By how much the slope jumps.
  package let jump: Double
}
