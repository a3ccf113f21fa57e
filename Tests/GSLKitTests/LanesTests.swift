import Testing

@testable import GSLKit

@Suite struct LanesTests {
  @Test("what is said to be in use is what multiplies")
  func inUse() {
    #expect(GSL.blas.hasPrefix("gslcblas"))
    #expect(GSL.blas.contains("own") == Lanes.areFast)
  }
}
