import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

/// Losses that mislead a fixed step or a fixed tolerance. A right gradient is never called wrong, a wrong
/// one never right.
struct DifficultLossTests {
  private func verdicts(
    at x: [Double], rtol: Double = 1e-6, _ loss: @escaping ([Double]) throws -> Double,
    right: @escaping ([Double]) -> [Double], wrongBy factor: Double
  ) throws -> (right: GradientResult, wrong: GradientResult) {
    func check(_ factor: Double) throws -> GradientResult {
      try GradientChecker(CheckOptions(rtol: rtol, secondPoint: false)).check(
        FunctionObjective(at: x, loss: loss, gradient: { right($0).map { factor * $0 } }))
    }
    return (try check(1), try check(factor))
  }

  private let x = [0.3, -0.7, 1.1]

  /// Its rounding alone is 1e-8 then 1e-2: what can be told shrinks, and the verdicts say so.
  @Test(arguments: [(1e8, 1e-4, Verdict.fail), (1e14, 2.0, .inconclusive)])
  func aLargeConstant(offset: Double, error: Double, wrong: Verdict) throws {
    let found = try verdicts(
      at: x, { x in offset + x.reduce(0) { $0 + Foundation.sin($1) } },
      right: { $0.map(Foundation.cos) }, wrongBy: 1 + error)
    #expect(found.right.verdict != .fail)
    #expect(found.right.noise >= offset * Double.unitRoundoff / 2)
    #expect(found.wrong.verdict == wrong)
    for entry in found.right.parameters[0].entries where entry.verdict == .inconclusive {
      #expect(entry.reason != nil)
    }
  }

  @Test(arguments: [1e-8, 1e8]) func inputsFarFromOne(scale: Double) throws {
    let random = RandomSource(seed: 3)
    let chain = try Models.autoencoder(
      features: 6, hidden: [3], tied: true, activation: .identity, outputActivation: .identity,
      random: random, as: Double.self)
    let input: Matrix<Double> = random.matrix(rows: 4, columns: 6, scale, 2 * scale)
    let objective = ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: input)
    let right = try GradientChecker().check(objective)
    #expect(right.verdict != .fail && right.parameters[0].verdict != .vacuous)
    for factor in [0.5, 2] {
      let wrong = Tampered(objective) { $0[0] = $0[0]!.map { factor * $0 } }
      #expect(try GradientChecker().check(wrong).verdict == .fail)
    }
  }

  /// A step of 1e-3 spans a sixth of a wave.
  @Test func aFastWave() throws {
    let found = try verdicts(
      at: x, { x in x.reduce(0) { $0 + Foundation.sin(1000 * $1) } },
      right: { $0.map { 1000 * Foundation.cos(1000 * $0) } }, wrongBy: 1 + 1e-5)
    #expect(found.right.verdict == .pass)
    #expect(found.wrong.verdict == .fail)
  }

  /// Each addition rounds: the noise is far above that of the result, and is measured, not assumed.
  @Test func aNaiveSumOfManyTerms() throws {
    func loss(_ x: [Double]) -> Double {
      var sum = 0.0
      for i in 0..<25_000 {
        let term = x[i % 3] - 0.1 * Double(i % 7)
        sum += term * term
      }
      return sum / 25_000
    }
    func gradient(_ x: [Double]) -> [Double] {
      var sum = [0.0, 0, 0]
      for i in 0..<25_000 { sum[i % 3] += 2 * (x[i % 3] - 0.1 * Double(i % 7)) / 25_000 }
      return sum
    }
    let found = try verdicts(at: x, loss, right: gradient, wrongBy: 1 + 1e-4)
    #expect(found.right.verdict == .pass)
    #expect(found.right.noise > Double.unitRoundoff * found.right.value)
    #expect(found.wrong.verdict == .fail)
  }

  /// One weight of 1e12 among small ones must not choose the others' steps.
  @Test func oneHugeWeightAmongSmallOnes() throws {
    let x = [1e12, 0.3, -0.7, 1.1, 0.2]
    func loss(_ x: [Double]) -> Double {
      Foundation.tanh(x[0] * 1e-12) + x.dropFirst().reduce(0) { $0 + Foundation.tanh($1 * $1) }
    }
    func gradient(_ x: [Double]) -> [Double] {
      func slope(_ a: Double) -> Double { 1 - Foundation.tanh(a) * Foundation.tanh(a) }
      return [1e-12 * slope(x[0] * 1e-12)] + x.dropFirst().map { 2 * $0 * slope($0 * $0) }
    }
    let found = try verdicts(at: x, loss, right: gradient, wrongBy: 1 + 1e-4)
    let entries = found.right.parameters[0].entries
    #expect(entries.allSatisfy { $0.verdict == .pass && $0.numeric.isFinite && $0.step > 0 })
    #expect(found.wrong.parameters[0].entries.dropFirst().allSatisfy { $0.verdict == .fail })
  }

  /// A perfect reconstruction: every residual is rounding, and that grows with each step away.
  @Test func noiseThatIsLargerBesideThePointConvictsNobody() throws {
    func result<S: Scalar>(_ seed: UInt64, as type: S.Type) throws -> (GradientResult, TieResult) {
      let random = RandomSource(seed: seed)
      var kernel: Matrix<S> = Matrix(rows: 5, columns: 5)
      // A reflection I - 2 v v^T / v.v is orthogonal: W W^T x is x but for rounding.
      let v = (0..<5).map { _ in random.uniform(-1, 1) }
      for i in 0..<5 {
        for j in 0..<5 {
          kernel[i, j] = S((i == j ? 1 : 0) - 2 * v[i] * v[j] / innerProduct(v, v))
        }
      }
      let encoder = Dense<S>("encoder", kernel: Kernel("W", kernel))
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed)
      let input: Matrix<S> = random.matrix(rows: 8, columns: 5)
      let objective = ChainObjective(
        Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: input, target: input)
      let options = CheckOptions(
        rtol: CheckOptions.defaultTolerance(unitRoundoff: S.unitRoundoff), seed: seed)
      let gradient = try GradientChecker(options).check(objective)
      return (gradient, try TieCheck(options).check(objective, gradient: gradient))
    }
    for seed in 5..<45 as Range<UInt64> {
      for (gradient, tie) in [
        try result(seed, as: Double.self), try result(seed, as: Float.self),
      ] {
        #expect(gradient.verdict != .fail && tie.verdict != .fail, "seed \(seed)")
      }
    }
  }

  /// Not a number on one side of the point, at any step.
  @Test func notANumberOnOneSide() throws {
    let found = try verdicts(
      at: [0, 0.5], { $0[0].squareRoot() * $0[0] + $0[1] }, right: { _ in [0, 1] }, wrongBy: 3)
    let entry = found.right.parameters[0].entries[0]
    #expect(entry.verdict == .inconclusive)
    #expect(entry.reason == "the loss is not finite near this entry")
    #expect(found.right.parameters[0].entries[1].verdict == .pass)
    #expect(found.wrong.parameters[0].entries[1].verdict == .fail)
  }

  @Test func anObjectiveThatThrowsGivesItsOwnError() {
    struct Broken: Error, Equatable {}
    let objective = FunctionObjective(
      at: x, loss: { x in if x[1] > -0.7 { throw Broken() } else { 1.0 } }, gradient: { $0 })
    #expect(throws: Broken()) { try GradientChecker().check(objective) }
  }

  @Test func aLossThatDrawsRandomNumbersGivesItsOwnError() {
    let random = RandomSource(seed: 1)
    let objective = FunctionObjective(
      at: x, loss: { $0[0] + 1e-9 * random.uniform() }, gradient: { _ in [1, 0, 0] })
    #expect(throws: NonDeterministicObjective.self) { try GradientChecker().check(objective) }
  }
}
