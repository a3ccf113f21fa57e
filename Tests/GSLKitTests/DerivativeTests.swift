import Foundation
import GSLKit
import Testing

@Suite("derivative")
struct DerivativeTests {
  struct Known: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Double) -> Double
    let derivative: @Sendable (Double) -> Double
  }

  static let known = [
    Known(testDescription: "sin", function: { sin($0) }, derivative: { cos($0) }),
    Known(testDescription: "exp", function: { exp($0) }, derivative: { exp($0) }),
    Known(
      testDescription: "arctan", function: { atan($0) }, derivative: { 1 / (1 + $0 * $0) }),
    Known(
      testDescription: "x^3 - 2x", function: { $0 * $0 * $0 - 2 * $0 },
      derivative: { 3 * $0 * $0 - 2 }),
  ]

  @Test("known derivatives, by every formula and within its own error estimate", arguments: known)
  func knownDerivatives(known: Known) throws {
    for x in [-1.3, 0.4, 2.1] {
      for formula in DerivativeFormula.allCases {
        let estimate = try derivative(at: x, step: 1e-2, formula, of: known.function)
        let exact = known.derivative(x)
        let tolerance = formula == .central ? 1e-9 : 1e-6
        #expect(isClose(estimate.value, exact, within: tolerance, scale: 1), "\(formula) at \(x)")
        #expect(abs(estimate.value - exact) <= estimate.errorEstimate, "\(formula) at \(x)")
      }
    }
  }

  @Test("the formulas stay on their side of x")
  func sides() throws {
    for formula in DerivativeFormula.allCases {
      var points: [Double] = []
      _ = try derivative(at: 1, step: 1e-3, formula) {
        points.append($0)
        return exp($0)
      }
      switch formula {
      case .central:
        #expect(points.contains { $0 < 1 })
        #expect(points.contains { $0 > 1 })
      case .forward: #expect(points.allSatisfy { $0 > 1 })
      case .backward: #expect(points.allSatisfy { $0 < 1 })
      }
      #expect(points.allSatisfy { abs($0 - 1) <= 1.0000001e-3 })
    }
  }

  @Test("the smallest step and the number of evaluations are those that took place")
  func smallestStep() throws {
    for formula in DerivativeFormula.allCases {
      for (x, step) in [(0.7, 1e-1), (0.7, 1e-5), (-3, 1e-3)] {
        var points: [Double] = []
        let estimate = try derivative(at: x, step: step, formula) {
          points.append($0)
          return sin(3 * $0)
        }
        #expect(estimate.evaluations == points.count)
        #expect(estimate.smallestStep == points.map { abs($0 - x) }.filter { $0 > 0 }.min())
        #expect(estimate.smallestStep <= step / 2)
      }
    }
    // From a coarse step GSL goes on to a finer one: far below a quarter of what was asked for.
    let refined = try derivative(at: 0.7, step: 0.1) { sin(3 * $0) }
    #expect(refined.smallestStep < 0.1 / 4)
    #expect(refined.evaluations > 4)
  }

  @Test("a step that vanishes beside x is reported as no step at all")
  func vanishingStep() throws {
    let estimate = try derivative(at: 1e20, step: 1) { $0 }
    #expect(estimate.smallestStep == .infinity)
  }

  @Test("an error thrown inside the function comes out, and the function is not called again")
  func thrownError() throws {
    for formula in DerivativeFormula.allCases {
      for failing in 1...4 {
        var calls = 0
        let error = #expect(throws: Mishap.self) {
          try derivative(at: 1, step: 1e-3, formula) { x in
            calls += 1
            if calls == failing { throw Mishap(code: failing) }
            return x * x
          }
        }
        #expect(error == Mishap(code: failing))
        #expect(calls == failing)
      }
    }
    // The next call is as good as ever.
    #expect(isClose(try derivative(at: 2, step: 1e-3) { $0 * $0 }.value, 4, within: 1e-9))
  }

  @Test("derivatives can be taken inside derivatives")
  func nested() throws {
    let second = try derivative(at: 0.3, step: 1e-2) { x in
      try derivative(at: x, step: 1e-2) { sin($0) }.value
    }
    #expect(isClose(second.value, -sin(0.3), within: 1e-6))
  }

  @Test("a function value that is not finite makes the derivative not finite")
  func notFinite() throws {
    for formula in DerivativeFormula.allCases {
      for bad in [Double.nan, .infinity, -.infinity] {
        #expect(!(try derivative(at: 1, step: 1e-3, formula) { _ in bad }.value.isFinite))
        let half = try derivative(at: 1, step: 1e-3, formula) { abs($0 - 1) > 7e-4 ? bad : $0 }
        #expect(!half.value.isFinite)
      }
    }
  }

  @Test("a NaN met only at GSL's second, finer step is not hidden by the first step's value")
  func notFiniteNearby() throws {
    for formula in DerivativeFormula.allCases {
      var metNaN = false
      let estimate = try derivative(at: 0.7, step: 0.1, formula) { x in
        if abs(x - 0.7) < 0.02 {
          metNaN = true
          return .nan
        }
        return sin(3 * x)
      }
      #expect(metNaN)
      #expect(!estimate.value.isFinite)
    }
  }
}
