import Foundation
import Testing

@testable import GSLKit

@Suite("Lanes+Elementary")
struct LanesElementaryTests {
  /// f of a list, as a loop over lanes computes it.
  private func apply(_ f: (Lanes.Four) -> Lanes.Four, _ x: [Double]) -> [Double] {
    var x = x
    x.withUnsafeMutableBufferPointer { Lanes.map($0.baseAddress!, $0.count, f) }
    return x
  }

  private func logarithm(of1Plus p: Lanes.Four) -> Lanes.Four {
    let (n, rest) = Lanes.logarithm(of1Plus: p)
    return n * Lanes.ln2High + (rest + n * Lanes.ln2Low)
  }

  /// Numbers of every size between 10^low and 10^high.
  private func sizes(_ low: Double, _ high: Double) -> [Double] {
    let random = RandomSource(seed: 9)
    return (0..<1500).map { _ in pow(10, random.uniform(low, high)) }
  }

  private func expectClose(
    _ f: (Lanes.Four) -> Lanes.Four, _ library: (Double) -> Double, at points: [Double],
    within tolerance: Double, _ name: String
  ) {
    for (x, y) in zip(points, apply(f, points)) {
      // Below the normal numbers there are fewer digits.
      #expect(
        isClose(y, library(x), within: tolerance, scale: .leastNormalMagnitude), "\(name)(\(x))")
    }
  }

  @Test(
    "exp, tanh and log1p agree with libm's to two and a half units in the last place, at every size"
  )
  func againstTheLibrary() {
    let u = Double.unitRoundoff
    expectClose(
      Lanes.exponential(ofNegative:), { exp($0) }, at: sizes(-20, 2.87).map { -$0 }, within: 3 * u,
      "exp")
    expectClose(
      Lanes.tanh, { tanh($0) },
      at: sizes(-20, 2).flatMap { [$0, -$0] } + [0.55, 0.5500000000000001],
      within: 5 * u, "tanh")
    expectClose(
      logarithm(of1Plus:), { log1p($0) },
      at: sizes(-20, 6) + [0.41421356237309503, 0.4142135623731],
      within: 4 * u, "log1p")
  }

  @Test("sigmoid, tanh and softplus equal references of 60 digits")
  func references() {
    for reference in ScalarDoubleTests.references {
      let x = Lanes.Four(repeating: reference.x)
      #expect(isClose(Lanes.tanh(x)[0], reference.tanh, within: 4e-16))
      #expect(isClose(Lanes.sigmoid(x)[1], reference.sigmoid, within: 4e-16))
      #expect(isClose(Lanes.softplus(x)[2], reference.softplus, within: 4e-16))
    }
  }

  @Test("zeros keep their sign, infinities and NaNs come out as of the library")
  func specialValues() {
    let special: [Double] = [0, -0.0, .infinity, -.infinity, 0x1p-1030, -0x1p-1030]
    #expect(apply(Lanes.tanh, special) == special.map { tanh($0) })
    #expect(apply(Lanes.tanh, [-0.0])[0].sign == .minus)
    let below: [Double] = [0, -0.0, -707, -709, -740, -745.13, -745.14, -746, -1e300, -.infinity]
    for (x, y) in zip(below, apply(Lanes.exponential(ofNegative:), below)) {
      #expect(
        isClose(y, exp(x), within: 3e-16, scale: 0) || abs(y - exp(x)) <= .leastNonzeroMagnitude,
        "exp(\(x))")
    }
    #expect(apply(logarithm(of1Plus:), [0, 0x1p-1030]) == [0, 0x1p-1030])
    #expect(apply(Lanes.sigmoid, [.infinity, -.infinity, 0]) == [1, 0, 0.5])
    #expect(apply(Lanes.softplus, [.infinity, -.infinity]) == [.infinity, 0])
    for f in [
      Lanes.tanh, Lanes.sigmoid, Lanes.softplus, Lanes.exponential(ofNegative:),
      logarithm(of1Plus:),
    ] {
      #expect(apply(f, [.nan, 0])[0].isNaN && !apply(f, [.nan, 0])[1].isNaN)
    }
  }
}
