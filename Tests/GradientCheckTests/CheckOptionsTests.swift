import Testing

@testable import GradientCheck

struct CheckOptionsTests {
  @Test func defaultsAreThoseOfDoublePrecision() {
    let options = CheckOptions()
    #expect(options.rtol == 1e-6 && options.alpha == 0.01 && options.seed == 1)
    #expect(options.estimator == .fivePoint && options.progress == nil)
  }

  @Test func aSmallerAlphaWidensTheBound() throws {
    let model = FunctionObjective(
      at: [0.3, 0.8], loss: { $0[0] * $0[0] * $0[1] * $0[1] * $0[1] + 1e-9 * roughness($0) },
      gradient: {
        [2 * $0[0] * $0[1] * $0[1] * $0[1], 3 * $0[0] * $0[0] * $0[1] * $0[1]]
      })
    let loose = try GradientChecker(CheckOptions(alpha: 0.1)).check(model)
    let strict = try GradientChecker(CheckOptions(alpha: 1e-9)).check(model)
    #expect(loose.alpha == 0.1 && strict.alpha == 1e-9)
    #expect(strict.sensitivity > loose.sensitivity)
  }

  @Test func toleranceDecidesBetweenPassAndFail() throws {
    let model = Tampered(try autoencoder(1)) { $0[0] = $0[0]!.map { $0 * (1 + 1e-4) } }
    #expect(try GradientChecker(CheckOptions(rtol: 1e-3)).check(model).verdict == .pass)
    #expect(try GradientChecker(CheckOptions(rtol: 1e-5)).check(model).verdict == .fail)
  }
}
