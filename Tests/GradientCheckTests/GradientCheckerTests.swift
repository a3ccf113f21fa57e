import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// sum of sin(x_i) (i + 1), with a claim.
private func sines(
  at x: [Double] = [0.3, -0.7, 1.1],
  claim: @escaping ([Double]) -> [Double] = { x in
    x.enumerated().map { Double($0 + 1) * Foundation.cos($1) }
  }
) -> FunctionObjective {
  FunctionObjective(
    at: x,
    loss: { x in
      x.enumerated().reduce(0) { $0 + Double($1.offset + 1) * Foundation.sin($1.element) }
    }, gradient: claim)
}

struct GradientCheckerTests {
  @Test func aRightGradientPassesAndALittleWrongOneDoesNot() throws {
    let right = try gradientResult(sines())
    #expect(right.verdict == .pass && right.entries.pass == 3 && right.reason == nil)
    let wrong = try gradientResult(
      sines { x in x.enumerated().map { Double($0 + 1) * Foundation.cos($1) * (1 + 1e-5) } })
    #expect(wrong.verdict == .fail && wrong.entries.fail == 3)
  }

  // MARK: Claims that cannot be compared

  @Test func aMissingClaimFailsWithItsSentence() throws {
    for missing: [[Double]?] in [[nil], []] {
      let result = try gradientResult(Tampered(sines()) { $0 = missing })
      #expect(result.verdict == .fail && result.entries.fail == 3)
      #expect(result.parameters[0].reason == "no gradient was claimed for x; expected 3 numbers.")
    }
  }

  @Test func aClaimOfTheWrongLengthFailsWithItsSentence() throws {
    let result = try gradientResult(sines { _ in [1, 2] })
    #expect(result.verdict == .fail && result.entries.fail == 3)
    #expect(
      result.parameters[0].reason
        == "the gradient claimed for x has 2 elements; expected 3 (3).")
  }

  @Test(arguments: [Double.nan, .infinity])
  func aClaimThatIsNotFiniteFailsWithItsSentence(claim: Double) throws {
    let result = try gradientResult(
      Tampered(sines()) { $0[0]![1] = claim })
    #expect(result.verdict == .fail)
    #expect(result.entries.fail == 1 && result.entries.pass == 2)
    let entry = result.parameters[0].entries[1]
    #expect(entry.verdict == .fail)
    #expect(entry.reason == "the claimed derivative is \(claim), not a finite number")
  }

  // MARK: Nothing to see

  @Test func aGradientThatIsZeroEverywhereIsVacuousUnlessAnEntryFails() throws {
    let constant = FunctionObjective(at: [1, 2], loss: { _ in 5 }, gradient: { _ in [0, 0] })
    let flat = try gradientResult(constant)
    #expect(flat.verdict == .vacuous && flat.reason?.contains("zero at this point") == true)
    let even = FunctionObjective(
      at: [0, 0], loss: { 1 + $0[0] * $0[0] + $0[1] * $0[1] }, gradient: { x in x.map { 2 * $0 } })
    #expect(try gradientResult(even).parameters[0].verdict == .vacuous)
    #expect(try gradientResult(even).verdict == .pass, "at the second point it is not zero")
    #expect(try gradientResult(Tampered(even) { $0[0]![1] = 0.1 }).verdict == .fail)
    #expect(try gradientResult(Tampered(constant) { $0[0]![0] = 1e-3 }).verdict == .fail)
  }

  @Test func aTiedLinearNetworkAtZeroIsDecidedAtTheSecondPoint() throws {
    let kernel = Kernel<Double>("W", Matrix(rows: 3, columns: 2))
    let chain = Chain<Double>([
      Dense("encoder", kernel: kernel), Dense("decoder", kernel: kernel.transposed),
    ])
    let input = RandomSource(seed: 1).matrix(rows: 4, columns: 3, as: Double.self)
    let objective = ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: input)
    let right = try gradientResult(objective)
    #expect(right.verdict == .pass && right.parameters[0].verdict == .vacuous)
    #expect(right.reason?.contains("second point") == true)
    let doubled = Tampered(objective) { $0[0] = $0[0]!.map { 2 * $0 } }
    #expect(try gradientResult(doubled).verdict == .fail)
  }

  @Test func unusedParametersAreListed() throws {
    let used = Parameter<Double>("used", [0.5])
    let unused = Parameter<Double>("unused", [1, 2, 3])
    let result = try gradientResult(
      ClosureObjective(
        [used, unused], loss: { Foundation.sin($0[0][0]) },
        gradient: { [[Foundation.cos($0[0][0])], [0, 0, 0]] }))
    #expect(result.verdict == .pass)
    #expect(result.parameters.map(\.unused) == [0, 3])
  }

  @Test func aTensorThatIsZeroHereIsMeasuredByTheWholeGradient() throws {
    let first = Parameter<Double>("first", [0.5, 0.6])
    let dead = Parameter<Double>("dead", [0])
    let objective = ClosureObjective(
      [first, dead],
      loss: { Foundation.sin($0[0][0]) + Foundation.exp($0[0][1]) + $0[1][0] * $0[1][0] },
      gradient: { [[Foundation.cos($0[0][0]), Foundation.exp($0[0][1])], [2 * $0[1][0]]] })
    let result = try gradientResult(objective)
    #expect(result.verdict == .pass)
    #expect(abs(result.parameters[1].rms / result.parameters[0].rms - 1) < 1e-9)
    #expect(
      try gradientResult(Tampered(objective) { $0[1]![0] = 1e-5 * result.parameters[0].rms })
        .verdict == .fail)
  }

  // MARK: Kinks

  @Test func aReluNetworkStandingOnItsKinksPasses() throws {
    // Zero input and zero bias: the preactivation of the first sample is exactly zero.
    let random = RandomSource(seed: 3)
    let kernel = Kernel<Double>("W", random.matrix(rows: 3, columns: 2, 0.2, 0.9))
    let chain = Chain<Double>([
      Dense("encoder", kernel: kernel, bias: Parameter("b", [0, 0]), activation: .relu),
      Dense("decoder", kernel: kernel.transposed, bias: Parameter("c", [0.1, 0.2, 0.3])),
    ])
    let input = try Matrix<Double>([[0, 0, 0], [0.4, 0.9, 0.2], [0.3, 0.1, 0.8]])
    let target = try Matrix<Double>([[0.9, 0.3, 0.7], [0.2, 0.7, 0.1], [0.4, 0.4, 0.6]])
    let result = try gradientResult(
      ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: target))
    #expect(result.verdict == .pass)
    #expect(result.entries.kink == 2)
    #expect(result.parameters[1].counts.kink == 2)
    #expect(result.parameters[1].entries[0].reason?.contains("between its two sides") == true)
  }

  @Test func aCornerWhoseSidesExcludeTheClaimNeverPasses() throws {
    let corner = FunctionObjective(
      at: [0, 0.5], loss: { abs($0[0]) + $0[1] },
      gradient: { [$0[0] == 0 ? 1.5 : $0[0] < 0 ? -1 : 1, 1] })
    let result = try gradientResult(corner)
    #expect(result.verdict == .inconclusive || result.verdict == .fail)
    #expect(result.parameters[0].entries[0].verdict != .kink)
    let inside = try gradientResult(Tampered(corner) { if $0[0]![0] == 1.5 { $0[0]![0] = 0.3 } })
    #expect(inside.verdict == .pass && inside.entries.kink == 1)
  }

  @Test func aLossThatEndsAtThePointIsInconclusive() throws {
    let result = try gradientResult(
      FunctionObjective(
        at: [0, 1], loss: { $0[0].squareRoot() + $0[1] },
        gradient: { [$0[0] == 0 ? 0 : 0.5 / $0[0].squareRoot(), 1] }))
    #expect(result.verdict == .inconclusive)
    #expect(
      result.parameters[0].entries[0].reason == "the loss is not finite near this entry")
    #expect(result.parameters[0].entries[1].verdict == .pass)
  }

  // MARK: The point is left as it was

  @Test func parametersAreUntouchedAfterwards() throws {
    let objective = try autoencoder(5)
    objective.parameters[0][2] = -0.0
    objective.parameters[1].flat = [0, 1e-300, -0.0]
    let before = bits(objective.parameters)
    _ = try gradientResult(objective)
    #expect(bits(objective.parameters) == before)
  }

  @Test func parametersAreUntouchedWhenTheLossThrows() throws {
    for call in [1, 2, 3, 17, 40, 60, 90, 110] {
      let objective = Tampered(try autoencoder(5))
      objective.throwingAt = call
      let before = bits(objective.parameters)
      #expect(throws: Interruption.self) { try gradientResult(objective) }
      #expect(bits(objective.parameters) == before)
    }
  }

  @Test func evaluationsAreCounted() throws {
    let objective = Tampered(try autoencoder(5))
    #expect(try gradientResult(objective).evaluations == objective.calls)
  }

  @Test func progressEndsAtTheNumberOfEntries() throws {
    final class Log: @unchecked Sendable { var reports: [(Int, Int)] = [] }
    let log = Log()
    let objective = try autoencoder(1, features: 12, hidden: [6])
    let options = CheckOptions(progress: CheckProgress { log.reports.append(($0, $1)) })
    let result = try GradientChecker(options).check(objective)
    #expect(log.reports.last! == (result.entries.total, result.entries.total))
    #expect(zip(log.reports, log.reports.dropFirst()).allSatisfy { $0.0 <= $1.0 })
  }

  @Test func aModelThatKeepsStateBetweenCallsIsCaught() throws {
    // The same at two calls in a row, another after the hundredth: a running mean, a warm-up.
    var calls = 0
    let objective = FunctionObjective(
      at: [0.3, 0.4],
      loss: { x in
        calls += 1
        return Foundation.sin(x[0]) + x[1] + (calls > 33 ? 1e-12 : 0)
      }, gradient: { [Foundation.cos($0[0]), 1] })
    #expect(throws: NonDeterministicObjective.self) { try gradientResult(objective) }
  }

  @Test func aLossThatIsNotANumberThrows() {
    #expect(throws: NonFiniteObjective.self) {
      try gradientResult(FunctionObjective(at: [1], loss: { _ in .nan }, gradient: { _ in [0] }))
    }
  }

  @Test func sameSeedSameResult() throws {
    func json() throws -> Data {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return try encoder.encode(gradientResult(autoencoder(9, activation: .relu)))
    }
    #expect(try json() == json())
  }

  // MARK: Many networks

  private struct Setting {
    let activation: ElementwiseFunction
    let loss: Loss
    let tied: Bool
    let seed: UInt64
  }

  private static let settings: [Setting] = {
    var settings: [Setting] = []
    for activation in ElementwiseFunction.allCases {
      // Not the contrastive loss: an autoencoder's outputs are no distances.
      for loss in [Loss.meanSquaredError, .binaryCrossEntropy, .softmaxCrossEntropy] {
        for tied in [true, false] {
          for _ in 0..<5 {
            settings.append(
              Setting(
                activation: activation, loss: loss, tied: tied, seed: UInt64(settings.count + 1)))
          }
        }
      }
    }
    return settings
  }()

  @Test func noRightNetworkIsConvictedAndEveryWrongEntryIsFound() throws {
    var (convicted, doubtful, entries, missed, notConvicted) = (0, 0, 0, 0, 0)
    var worstSensitivity = 0.0
    for s in Self.settings {
      let objective = try autoencoder(
        s.seed, features: 3, hidden: [2], tied: s.tied, activation: s.activation, loss: s.loss)
      let right = try gradientResult(objective)
      if right.verdict == .fail { convicted += 1 }
      doubtful += right.entries.inconclusive
      entries += right.entries.total
      if s.activation != .relu { worstSensitivity = max(worstSensitivity, right.sensitivity) }

      let random = RandomSource(seed: s.seed)
      let p = random.integer(below: right.parameters.count)
      let i = random.integer(below: right.parameters[p].entries.count)
      let tolerance = right.parameters[p].entries[i].tolerance
      let size = 10 * tolerance * random.sign()
      let wrong = try gradientResult(Tampered(objective) { $0[p]![i] += size })
      if wrong.parameters[p].entries[i].verdict != .fail { notConvicted += 1 }
      if wrong.verdict == .pass { missed += 1 }
      // That entry and no other.
      if wrong.entries.fail > 1 { convicted += 1 }
    }
    #expect(Self.settings.count >= 100)
    #expect(convicted == 0)
    #expect(doubtful == 0, "of \(entries)")
    #expect(missed == 0)
    #expect(notConvicted == 0)
    #expect(worstSensitivity < 3e-6)
  }

  /// GSL's one-sided formulas estimate their own error so cautiously that a millionth is out of their
  /// reach at any step; they never convict for it.
  @Test(arguments: Estimator.allCases)
  func everyEstimatorAcquitsAndConvicts(estimator: Estimator) throws {
    let isOneSided = estimator == .gslForward || estimator == .gslBackward
    let checker = GradientChecker(
      CheckOptions(rtol: isOneSided ? 1e-4 : 1e-6, estimator: estimator))
    let strict = GradientChecker(CheckOptions(estimator: estimator))
    for seed in 1...6 {
      let objective = try autoencoder(UInt64(seed))
      let right = try checker.check(objective)
      #expect(right.verdict == .pass, "seed \(seed)")
      #expect(right.estimator == estimator)
      #expect(try strict.check(objective).entries.fail == 0)
      let wrong = try checker.check(Tampered(objective) { $0[0]![1] += 1e-3 })
      #expect(wrong.verdict == .fail && wrong.entries.fail == 1)
      #expect(wrong.parameters[0].entries[1].verdict == .fail)
    }
  }
}
