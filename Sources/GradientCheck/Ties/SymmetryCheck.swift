import GSLKit
import TiedLayers

/// Asks whether a claimed gradient is the gradient of anything: second derivatives commute, so for
/// all directions u and v, u.Hv = v.Hu, where Hv is the derivative of the claimed gradient along v.
///
/// This never looks at the loss. It finds fields that belong to no function, such as one that lost a
/// path, even where the loss itself is too noisy to be differenced; it cannot find a gradient of the
/// wrong function (a frozen copy, a scaled loss).
package struct SymmetryCheck {
  package var options: CheckOptions
  /// Pairs of random directions.
  package var pairs: Int

  package init(_ options: CheckOptions = CheckOptions(), pairs: Int = 3) {
    self.options = options
    self.pairs = pairs
  }

  /// - Throws: what the objective throws; `NonDeterministicObjective` if two gradients at one point
  ///   differ.
  package func check(_ objective: any Objective) throws -> SymmetryResult {
    let parameters = objective.parameters
    let base = parameters.map(\.flat)
    let random = RandomSource(seed: options.seed)
    func direction() -> [[Double]] {
      base.map { values in
        let scale = tensorScale(values)
        return values.map { _ in scale * random.sign() * random.uniform(0.5, 1.5) }
      }
    }
    var results: [SymmetryResult.Pair] = []
    for _ in 0..<pairs {
      let (u, v) = (direction(), direction())
      let uHv = try derivative(of: u, along: v, objective, base)
      let vHu = try derivative(of: v, along: u, objective, base)
      results.append(.init(uHv: uHv.value, vHu: vHu.value, bound: uHv.bound + vHu.bound))
    }
    let scale = rootMeanSquare(results.flatMap { [$0.uHv, $0.vHu] })
    let verdicts = results.map { $0.verdict(scale: scale, rtol: options.rtol) }
    return SymmetryResult(verdict: Verdict.overall(verdicts), pairs: results)
  }

  /// d/dt u.g(base + t v) at t = 0.
  private func derivative(
    of u: [[Double]], along v: [[Double]], _ objective: any Objective, _ base: [[Double]]
  ) throws -> DerivativeBound {
    let parameters = objective.parameters
    func projected() throws -> Double {
      let gradients = try objective.gradients()
      var sum = CompensatedSum<Double>()
      for p in u.indices {
        guard p < gradients.count, let gradient = gradients[p], gradient.count == u[p].count else {
          continue
        }
        sum.add(innerProduct(u[p], gradient))
      }
      return sum.value
    }
    let (noise, value) = try Noise.measure(parameters, seed: options.seed, function: projected)
    let witness = Witness(
      value: value, sigma: noise.deviation,
      z: Witness.quantile(alpha: options.alpha, entries: 2 * pairs), estimator: .fivePoint)
    let unitRoundoff = parameters.map(\.unitRoundoff).max() ?? Double.unitRoundoff
    let probe = Probe(x: 0, unitRoundoff: unitRoundoff, rounded: { $0 }) { t in
      defer { for (p, parameter) in parameters.enumerated() { parameter.flat = base[p] } }
      for (p, parameter) in parameters.enumerated() {
        parameter.flat = zip(base[p], v[p]).map { $0 + t * $1 }
      }
      return try projected()
    }
    let step = try witness.pilotStep([probe], scale: 1, rtol: options.rtol)
    return try witness.fivePoint(probe, step: step).derivativeBound
  }
}

/// What the symmetry check found.
package struct SymmetryResult: Codable, Sendable {
  package struct Pair: Codable, Sendable {
    package let uHv: Double
    package let vHu: Double
    /// The two error bounds together.
    package let bound: Double

    func verdict(scale: Double, rtol: Double) -> Verdict {
      guard uHv.isFinite, vHu.isFinite else { return .inconclusive }
      if scale == 0 { return .vacuous }
      switch Acceptance(
        claimed: uHv, measured: vHu, bound: bound,
        tolerance: rtol * max(abs(uHv), abs(vHu), scale))
      {
      case .pass: return .pass
      case .fail: return .fail
      case .undecided: return .inconclusive
      }
    }
  }

  package let verdict: Verdict
  package let pairs: [Pair]
}
