import Testing

@testable import GradientCheck

struct VerdictTests {
  @Test func failureOutranksDoubtAndDoubtOutranksPassing() {
    #expect(Verdict.overall([Verdict]()) == .pass)
    let ascending: [Verdict] = [.pass, .vacuous, .inconclusive, .fail]
    for (i, low) in ascending.enumerated() {
      for high in ascending[i...] {
        #expect(Verdict.overall([low, high]) == high)
        #expect(Verdict.overall([high, low]) == high)
      }
    }
  }

  @Test func aKinkCountsAsPass() {
    #expect(Verdict.overall([.kink]) == .pass)
    #expect(Verdict.overall([.pass, .kink, .pass]) == .pass)
    #expect(Verdict.overall([.kink, .vacuous]) == .vacuous)
    #expect(Verdict.overall([.kink, .fail]) == .fail)
  }

  /// r, E, tol and what the documented formula makes of them. All are sums of powers of two, so
  /// that the borders are exact.
  private static let table: [(Double, Double, Double, Acceptance)] = [
    (0, 0, 0, Acceptance.pass),
    (0, 1, 1, .pass),  // r + E = tol is still a pass
    (0.5, 0.5, 1, .pass),
    (0.5, 0x1.0000000001p-1, 1, .undecided),
    (0x1.0000000001p-1, 0.5, 1, .undecided),
    (0.5, 0.5, 0x0.ffffffffffp0, .undecided),
    (2, 1, 1, .undecided),  // r - E = tol is not yet a failure
    (0x1.0000000001p1, 1, 1, .fail),
    (2, 0x0.ffffffffffp0, 1, .fail),
    (2, 1, 0x0.ffffffffffp0, .fail),
    (1, 0, 1, .pass),
    (0x1.0000000001p0, 0, 1, .fail),
    (0.25, 8, 1, .undecided),  // a witness that knows little can neither acquit nor convict
    (0, 8, 1, .undecided),
    (1, 0, 0, .fail),
    (0.5, 1, 0, .undecided),
    (.infinity, 1, 1, .fail),
    (.nan, 1, 1, .undecided),
    (1, .nan, 1, .undecided),
    (1, .infinity, 1, .undecided),
  ]

  @Test(arguments: table)
  func acceptanceIsTheDocumentedFormula(
    difference: Double, bound: Double, tolerance: Double, expected: Acceptance
  ) {
    #expect(
      Acceptance(claimed: difference, measured: 0, bound: bound, tolerance: tolerance) == expected)
    #expect(
      Acceptance(claimed: -difference, measured: 0, bound: bound, tolerance: tolerance) == expected)
    #expect(
      Acceptance(claimed: 4, measured: 4 + difference, bound: bound, tolerance: tolerance)
        == expected)
  }
}
