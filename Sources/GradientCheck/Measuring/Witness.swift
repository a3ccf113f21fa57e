import Foundation
import GSLKit

/// How the first witness measures a derivative.
public enum Estimator: String, Codable, Sendable, CaseIterable {
  /// Our own rule, which knows the noise (see `FivePoint`).
  case fivePoint = "five-point"
  case gslCentral = "gsl-central"
  case gslForward = "gsl-forward"
  case gslBackward = "gsl-backward"

  var formula: DerivativeFormula? {
    switch self {
    case .fivePoint: nil
    case .gslCentral: .central
    case .gslForward: .forward
    case .gslBackward: .backward
    }
  }
}

/// One measurement of one derivative.
struct Estimate {
  var value: Double
  /// |value - true derivative| <= bound.
  var bound: Double
  var step: Double
  /// The bound is noise, and would shrink with a larger step; otherwise it is truncation, and would
  /// shrink with a smaller one.
  var isNoiseLimited: Bool
  var isFinite: Bool
  /// Every evaluation gave the very same loss.
  var isFlat: Bool
  /// The points behind it, where our own rule made it.
  var points: FivePoint?
  /// False where the check was interrupted before this entry's turn.
  var isMeasured = true

  /// The bound that convicts: E and what noise can hide of it (`FivePointRule.hiddenByNoise`). A corner at the
  /// very point then needs |slope error| > tol + E + 3.2 z sigma / h to convict, which is more than the half of
  /// its jump that it can move a right slope by.
  func convictionBound(z: Double) -> Double {
    guard let points else { return bound }
    return bound + FivePointRule.hiddenByNoise * z * points.sigma / points.step
  }

  /// Finite, and its higher differences are what noise alone would make them.
  func isClean(z: Double) -> Bool { isFinite && points?.isSmooth(z: z) ?? true }

  func showsKink(z: Double) -> Bool { points?.showsKink(z: z) ?? false }

  static func notMeasured(step: Double) -> Estimate {
    Estimate(
      value: .nan, bound: .infinity, step: step, isNoiseLimited: false, isFinite: false,
      isFlat: false, points: nil, isMeasured: false)
  }
}

/// Measures derivatives of one objective at one point. It calls the loss and nothing else: it never
/// borrows from a backward pass.
struct Witness {
  /// The loss at the point.
  let value: Double
  /// The noise of one evaluation.
  let sigma: Double
  /// The quantile that covers all entries of the check together.
  let z: Double
  let estimator: Estimator

  /// z = Qinv(alpha / 2P) for P entries: with probability 1 - alpha no entry's noise exceeds z sigma.
  static func quantile(alpha: Double, entries: Int) -> Double {
    normalUpperQuantile(max(alpha / (2 * Double(max(entries, 1))), .leastNonzeroMagnitude))
  }

  func estimate(_ probe: Probe, step: Double) throws -> Estimate {
    try estimate(probe, step: step, by: estimator)
  }

  /// The other witness, for entries about to be convicted.
  func secondEstimate(_ probe: Probe, step: Double) throws -> Estimate {
    try estimate(probe, step: step, by: estimator == .fivePoint ? .gslCentral : .fivePoint)
  }

  /// Many at once, by the five-point rule, whose points can all be told before.
  /// - Parameter losses: the losses at the points, each with the number of its probe.
  func estimates(
    _ probes: [(probe: Probe, step: Double)],
    losses: ([(probe: Int, point: Double)]) throws -> [Double]
  ) throws -> [Estimate] {
    let points = probes.map {
      FivePoint.points(
        at: $0.probe.x, step: $0.probe.reachable($0.step), rounded: $0.probe.rounded)
    }
    let found = try nearbyLosses(
      points.enumerated().flatMap { i, points in
        [points.above1, points.below1, points.above2, points.below2]
          .map { (probe: i, point: $0) }
      }, losses)
    return probes.indices.map { i in
      let losses = FivePoint.Four(
        above1: found[4 * i], below1: found[4 * i + 1], above2: found[4 * i + 2],
        below2: found[4 * i + 3])
      return estimate(fivePoint(probes[i].probe, points: points[i], losses: losses))
    }
  }

  private func estimate(_ points: FivePoint) -> Estimate {
    Estimate(
      value: points.value, bound: points.bound, step: points.step,
      isNoiseLimited: points.noiseBound >= points.truncationBound || points.isSmooth(z: z),
      isFinite: points.isFinite,
      isFlat: points.isFlat, points: points)
  }

  private func estimate(_ probe: Probe, step: Double, by estimator: Estimator) throws -> Estimate {
    guard let formula = estimator.formula else {
      return estimate(try fivePoint(probe, step: step))
    }
    let step = probe.reachable(step)
    var isFlat = true
    var isFinite = true
    var largest = abs(value)
    let found = try derivative(at: probe.x, step: step, formula) { point in
      let result = try probe.loss(at: probe.rounded(point))
      if result != value { isFlat = false }
      if !result.isFinite { isFinite = false }
      largest = max(largest, abs(result))
      return result
    }
    // GSL's bound knows only the rounding of the arithmetic it sees; the loss's own noise over the
    // smallest step is added, and the unevenness of points rounded to the model's precision.
    let sigma = max(sigma, probe.unitRoundoff / 2 * largest)
    let noise =
      (Self.noiseFactor(formula) * z * sigma
        + 2 * probe.unitRoundoff * abs(probe.x) * abs(found.value)) / found.smallestStep
    return Estimate(
      value: found.value, bound: found.errorEstimate + noise, step: step,
      isNoiseLimited: noise >= found.errorEstimate,
      isFinite: isFinite && found.value.isFinite && found.errorEstimate.isFinite, isFlat: isFlat,
      points: nil)
  }

  func fivePoint(_ probe: Probe, step: Double) throws -> FivePoint {
    let points = FivePoint.points(
      at: probe.x, step: probe.reachable(step), rounded: probe.rounded)
    return fivePoint(probe, points: points, losses: try points.map(probe.loss))
  }

  private func fivePoint(_ probe: Probe, points: FivePoint.Four, losses: FivePoint.Four)
    -> FivePoint
  {
    FivePoint(
      at: probe.x, value: value, points: points, losses: losses, sigma: sigma, z: z,
      unitRoundoff: probe.unitRoundoff)
  }

  private static func noiseFactor(_ formula: DerivativeFormula) -> Double {
    formula == .central ? GSLRule.centralNoise : GSLRule.oneSidedNoise
  }

  // MARK: The step

  /// An absolute step for a whole tensor, found on a few pilot entries: h near
  /// 1.9 (sigma / |f'''|)^(1/3), where |D3| stands at a few sigma.
  ///
  /// Starts at 2^-10 of the tensor's scale, stays within 2^-30 and 2^-4 of it, ends after 12 probes.
  /// Where the entry is seen to move the loss, but noise hides the tolerance, it may go up to 2^30 of
  /// the scale: kernels of 1e-8 behind biases of 1 ask for steps that have nothing to do with their
  /// own size. Where nothing but noise limits the step (quadratic and piecewise linear losses never show a
  /// third derivative), the smallest step is taken whose noise is a thousandth of the tolerance: the
  /// smaller the step, the fewer kinks lie inside it.
  func pilotStep(_ pilots: [Probe], scale: Double, rtol: Double) throws -> Double {
    let smallest = scale * 0x1p-30
    var best = Double.infinity
    var slope = 0.0
    for probe in pilots {
      var step = scale * 0x1p-10
      for _ in 0..<12 {
        let points = try fivePoint(probe, step: step)
        guard points.isFinite else {
          step = max(step / 8, smallest)
          continue
        }
        slope = max(slope, abs(points.value))
        let negligible = rtol * slope / 1000
        let ratio = abs(points.d3) / (8 * points.sigma)
        if (1.5...6).contains(ratio) || points.bound <= negligible { break }
        let largest = scale * (abs(points.value) > points.bound ? 0x1p30 : 0x1p-4)
        if ratio < 1.5 {
          if points.noiseBound <= negligible || step >= largest { break }
          step = min(largest, step * min(16, max(2, cubeRoot(3 / max(ratio, 1e-12)))))
        } else {
          if step <= smallest { break }
          step = max(smallest, step * max(1 / 64, min(0.5, cubeRoot(3 / ratio))))
        }
      }
      let noiseAtUnitStep = FivePointRule.valueNoise * z * sigma
      let quietest = slope > 0 ? noiseAtUnitStep / (rtol * slope / 1000) : scale * 0x1p-4
      best = min(best, max(min(step, quietest), smallest))
    }
    return best.isFinite ? best : scale * 0x1p-10
  }

  private func cubeRoot(_ x: Double) -> Double { Foundation.cbrt(x) }
}
