import Testing

@testable import ModelPipe

@Suite struct PipePrecisionTests {
  @Test func numbersAreRoundedToTheNearest() {
    #expect(PipePrecision.bfloat16.rounded(1 + 0x1p-8) == 1)
    #expect(PipePrecision.bfloat16.rounded(1 + 0x1.8p-8) == 1 + 0x1p-7)
    #expect(PipePrecision.float16.rounded(-(1 + 0x1p-11)) == -1)
    #expect(PipePrecision.float16.rounded(65504) == 65504)
    #expect(PipePrecision.float16.rounded(65520) == .infinity)
    // Below the normal numbers of float16 the grid is 2^-24.
    #expect(PipePrecision.float16.rounded(0x1.8p-24) == 0x1p-23)
    #expect(PipePrecision.float.rounded(0.1) == Double(Float(0.1)))
    #expect(PipePrecision.double.rounded(0.1) == 0.1)
    #expect(PipePrecision.words == "double, float, bfloat16 or float16")
  }

  @Test func theUnitIsHalfTheDistanceToTheNextNumber() {
    for precision in PipePrecision.allCases {
      let unit = precision.unitRoundoff
      #expect(precision.rounded(1 + 2 * unit) == 1 + 2 * unit)
      #expect(precision.rounded(1 + unit) == 1)
    }
  }
}
