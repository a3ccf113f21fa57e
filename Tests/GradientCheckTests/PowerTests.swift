import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

struct PowerTests {
  private func run(
    rows: Int = 7, width: Int = 5, equalRows: Bool = false, secondPoint: Bool = true,
    _ chain: @escaping () throws -> Chain<Double>
  ) throws -> CaseResult {
    try CheckCase(name: "case", model: "case", subjects: []) {
      let random = RandomSource(seed: 2)
      var input: Matrix<Double> = random.matrix(rows: rows, columns: width, 0.1, 0.9)
      if equalRows {
        for i in 1..<rows { for j in 0..<width { input[i, j] = input[0, j] } }
      }
      return ChainObjective(
        Network(try chain(), loss: .meanSquaredError), input: input, target: input)
    }.run(CheckOptions(secondPoint: secondPoint))
  }

  private func linear(_ scale: Double) -> Chain<Double> {
    var w = Matrix<Double>(rows: 5, columns: 5)
    for i in 0..<5 { w[i, i] = scale }
    let kernel = Kernel("W", w)
    return Chain<Double>([
      Dense("encoder", kernel: kernel), Dense("decoder", kernel: kernel.transposed),
    ])
  }

  @Test func atZeroAndAtTheIdentityALinearTiedPairProvesNothingAtOnePoint() throws {
    for scale in [0.0, 1] {
      let decided = try run { linear(scale) }
      #expect(decided.gradient.verdict == .pass && decided.vacuousParameters.isEmpty)
      let result = try run(secondPoint: false) { linear(scale) }
      #expect(result.verdict == .vacuous && result.gradient.verdict == .vacuous)
      #expect(result.vacuousParameters == ["W"])
      let untold = result.vacuous.map(\.hypothesis)
      for bug in ["encoder's path missing", "decoder's path missing", "gradient counted twice"] {
        #expect(untold.contains(bug), "W = \(scale) I: \(untold)")
      }
      #expect(result.gradient.reason?.contains("another seed") == true)
    }
    // Anywhere else all of them can be told.
    let elsewhere = try run { linear(0.5) }
    #expect(elsewhere.verdict == .pass)
    #expect(!elsewhere.vacuous.map(\.hypothesis).contains { $0.contains("path missing") })
  }

  @Test func aDeadLayerAndAnUnreadKernelAreVacuousAndNamed() throws {
    let dead = try run {
      let random = RandomSource(seed: 4)
      let encoder = Dense<Double>(
        "encoder", kernel: Kernel("W", random.matrix(rows: 5, columns: 3, -0.1, 0.1)),
        bias: Parameter("b", [-9, -9, -9]), activation: .relu)
      return Chain<Double>([
        encoder,
        Dense(
          "decoder", kernel: Kernel("V", random.matrix(rows: 3, columns: 5, -1, 1)),
          bias: Parameter("c", [0.1, 0.2, 0.3, 0.4, 0.5])),
      ])
    }
    #expect(dead.verdict == .vacuous)
    #expect(dead.vacuousParameters == ["W", "b", "V"])
    #expect(dead.gradient.parameters[0].unusedColumns == 3)
    #expect(dead.gradient.parameters[3].verdict == .pass)
  }

  @Test func equalRowsHideWhichSampleANumberCameFrom() throws {
    let chain = {
      try Models.autoencoder(
        features: 5, hidden: [3], tied: true, outputActivation: .identity,
        random: RandomSource(seed: 3), as: Double.self)
    }
    #expect(try run(equalRows: true, chain).vacuous.contains(.samplesMixed))
    #expect(try !run(chain).vacuous.contains(.samplesMixed))
  }

  @Test func theEffectOfAMissingPathIsItsLargestEntryOverTheSensitivity() throws {
    let objective = try autoencoder(1)
    let gradient = try gradientResult(objective)
    let tie = try TieCheck().check(objective, gradient: gradient)
    let power = Power(gradient: gradient, tie: tie)
    let found = try #require(
      power.hypotheses.first { $0.hypothesis == "decoder's path missing" })
    let decoder = tie.groups[0].measured[1]
    let whole = gradient.parameters[0]
    let expected = zip(decoder.entries, whole.entries)
      .map { abs($0.numeric) / ($1.sensitivity * max(abs($1.numeric), whole.rms)) }.max()!
    #expect(abs(found.effectOverSensitivity / expected - 1) < 1e-3)
    #expect(found.canBeTold)
  }
}
