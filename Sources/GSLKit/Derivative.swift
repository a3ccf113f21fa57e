import CGSL

/// Which of GSL's adaptive difference formulas is used (gsl_deriv.h).
public enum DerivativeFormula: String, Codable, Sendable, CaseIterable {
  /// x - h, x - h/2, x + h/2, x + h: error O(h^4).
  case central
  /// x + h/4, x + h/2, x + 3h/4, x + h: nothing left of x. Four points determine a cubic, so the
  /// error is O(h^3).
  case forward
  /// The same on the other side.
  case backward
}

/// What `gsl_deriv_*` found.
public struct DerivativeEstimate: Equatable, Sendable {
  /// The derivative.
  public let value: Double
  /// GSL's own estimate of its absolute error. It knows nothing of noise in the function.
  public let errorEstimate: Double
  /// The smallest distance from x at which the function was evaluated for the step that gave `value`.
  public let smallestStep: Double
  /// How often the function was evaluated.
  public let evaluations: Int
}

/// The derivative of `function` at `x` by GSL, starting from step `step`.
///
/// GSL may try a second step and keeps the better result; it reports neither that step nor a
/// function value that is not finite, so both are watched here. An error thrown by `function` is
/// kept aside while C is on the stack and thrown again afterwards.
///
/// - Throws: what `function` throws; `GSLError` for a status. Where any function value was not
///   finite, neither is the estimate's value: whoever asks decides.
public func derivative(
  at x: Double, step: Double, _ formula: DerivativeFormula = .central,
  of function: (Double) throws -> Double
) throws -> DerivativeEstimate {
  precondition(step > 0 && step.isFinite, "the step must be positive and finite, not \(step)")
  var value = Double.nan
  var errorEstimate = Double.nan
  let watched = try withoutActuallyEscaping(function) { function in
    var context = DerivativeContext(function: function)
    // The context stays on the stack: neither an allocation nor a reference count per evaluation.
    try withUnsafeMutablePointer(to: &context) { context in
      var gslFunction = gsl_function(
        function: { x, context in
          context!.assumingMemoryBound(to: DerivativeContext.self).pointee.evaluate(x)
        },
        params: context)
      try GSL.check("gsl_deriv_\(formula)") {
        switch formula {
        case .central: gsl_deriv_central(&gslFunction, x, step, &value, &errorEstimate)
        case .forward: gsl_deriv_forward(&gslFunction, x, step, &value, &errorEstimate)
        case .backward: gsl_deriv_backward(&gslFunction, x, step, &value, &errorEstimate)
        }
      }
    }
    return context.watched
  }
  if let error = watched.error { throw error }
  return DerivativeEstimate(
    value: watched.isFinite ? value : .nan, errorEstimate: errorEstimate,
    smallestStep: watched.smallestStep(behind: value, at: x, step: step, formula),
    evaluations: watched.count)
}

/// What the C callback needs. The function is not optional and never copied: a copy is a reference
/// count, and costs as much as a small function.
private struct DerivativeContext {
  let function: (Double) throws -> Double
  var watched = WatchedEvaluations()

  // Mutating: a context that is only read has its function copied at every call.
  @inline(__always)
  mutating func evaluate(_ point: Double) -> Double {
    guard watched.error == nil else { return .nan }
    do {
      let value = try function(point)
      watched.record(point, value)
      return value
    } catch {
      watched.error = error
      return .nan
    }
  }
}

/// What GSL does not say about its evaluations. While C is on the stack they are only noted.
private struct WatchedEvaluations {
  var error: (any Error)?
  private(set) var count = 0
  /// In the order GSL asks for them: four for its first try, and four where there is a second.
  private var points = SIMD8<Double>()
  private var values = SIMD8<Double>()

  @inline(__always)
  mutating func record(_ point: Double, _ value: Double) {
    precondition(count < 8, "GSL evaluates a function eight times at most")
    points[count] = point
    values[count] = value
    count += 1
  }

  /// GSL drops a second step whose result is not finite, and with it the only sign of trouble.
  var isFinite: Bool { (values * 0).sum() == 0 }

  /// GSL keeps the first try or a second one with a step of its own, and does not say which. The first
  /// try's value, worked out again from its four evaluations, does: where the two agree to rounding
  /// it does not matter which it was.
  func smallestStep(
    behind value: Double, at x: Double, step: Double, _ formula: DerivativeFormula
  ) -> Double {
    let firstStep = smallestStep(0..<min(count, 4), at: x)
    guard count > 4 else { return firstStep }
    let (a, b, c, d) = (values[0], values[1], values[2], values[3])
    let again: Double
    switch formula {
    case .central:
      // a = f(x - h), b = f(x + h), c = f(x - h/2), d = f(x + h/2).
      again = ((4 / 3.0) * (d - c) - (b - a) / 6) / step
    case .forward, .backward:
      // f at h/4, h/2, 3h/4 and h, to either side.
      let signed = formula == .forward ? step : -step
      again = ((22 / 3.0) * (d - c) - (62 / 3.0) * (c - b) + (52 / 3.0) * (b - a)) / signed
    }
    let rounding = Double.ulpOfOne * max(abs(a), abs(b), abs(c), abs(d)) / step
    return abs(value - again) <= rounding
      ? firstStep : min(firstStep, smallestStep(4..<count, at: x))
  }

  private func smallestStep(_ evaluations: Range<Int>, at x: Double) -> Double {
    var smallest = Double.infinity
    for i in evaluations {
      let step = abs(points[i] - x)
      if step > 0 && step < smallest { smallest = step }
    }
    return smallest
  }
}
