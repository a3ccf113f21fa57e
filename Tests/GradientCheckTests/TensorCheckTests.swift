import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

/// A task whose loss at the point is 0.
private func task(
  _ values: [Double], claimed: [Double]?, _ f: @escaping (Int, Double) throws -> Double
) -> TensorTask {
  TensorTask(
    Parameter<Double>("x", values), claimed: claimed,
    function: { i, x in try f(i, x) - f(i, values[i]) })
}

private func check(_ value: Double = 0, rtol: Double = 1e-6) -> TensorCheck {
  TensorCheck(
    witness: Witness(
      value: value, sigma: 1e-16, z: Witness.quantile(alpha: 0.01, entries: 10),
      estimator: .fivePoint),
    rtol: rtol, seed: 1)
}

struct TensorCheckTests {
  @Test func toleranceIsRelativeToTheEntryOrTheRMSWhicheverIsLarger() throws {
    let result = try check().run([
      task([0.1, 0.2, 0.3], claimed: [4, 3, 0]) { i, x in [4, 3, 0][i] * (x - [0.1, 0.2, 0.3][i]) }
    ]).tensors[0]
    let rms = (25.0 / 3).squareRoot()
    #expect(abs(result.rms - rms) < 1e-9)
    for (entry, scale) in zip(result.entries, [4, 3, rms]) {
      #expect(abs(entry.tolerance - 1e-6 * scale) < 1e-14)
    }
    #expect(result.verdict == .pass)
  }

  /// A corner closer than the noise lets anyone look: both sides' slopes are right claims, and what is
  /// measured lies between them. 20,000 of them, with jumps around what noise can hide.
  @Test func noRightClaimIsConvictedAtACornerThatNoiseHides() throws {
    let random = RandomSource(seed: 11)
    let sigma = 1e-8
    var convicted = 0
    for _ in 0..<2000 {
      let corner = 1e-7 * random.uniform(-1, 1)
      let slopes = (0..<4).map { _ in Foundation.pow(10, random.uniform(-7, -3)) * random.sign() }
      let left = 1e-5
      let check = TensorCheck(
        witness: Witness(
          value: 0, sigma: sigma, z: Witness.quantile(alpha: 0.01, entries: 4),
          estimator: .fivePoint),
        rtol: 1e-2, seed: 1)
      let result = try check.run([
        task([0, 0, 0, 0], claimed: slopes.map { corner > 0 ? left : left + $0 }) { i, x in
          left * x + slopes[i] * max(x - corner, 0)
            + sigma * 3.0.squareRoot() * roughness([x, Double(i), corner])
        }
      ]).tensors[0]
      convicted += result.counts.fail
    }
    #expect(convicted == 0)
  }

  @Test func sensitivityIsToleranceAndBothBoundsOverTheScale() throws {
    let f: (Int, Double) -> Double = { i, x in Foundation.sin(x) * Double(i + 1) }
    let claimed = [Foundation.cos(0.4), 2 * Foundation.cos(0.9) + 1e-3]
    let check = check()
    let result = try check.run([task([0.4, 0.9], claimed: claimed, f)]).tensors[0]
    for entry in result.entries {
      let scale = max(abs(entry.numeric), result.rms)
      let bound = max(entry.bound, entry.secondBound ?? 0)
      // What convicts must also exceed what noise can hide of a corner.
      let hidden = 3.2 * check.witness.z * check.witness.sigma / entry.step
      let detectable = entry.tolerance + bound + max(bound, entry.bound + hidden)
      #expect(abs(entry.sensitivity - detectable / scale) < 1e-4 * detectable / scale)
      #expect(entry.sensitivity > (entry.tolerance + 2 * entry.bound) / scale)
    }
    #expect(result.sensitivity == result.entries.map(\.sensitivity).max())
    // The second witness is heard before a conviction, and only then.
    #expect(result.entries.map { $0.secondNumeric != nil } == [false, true])
    #expect(result.entries.map(\.verdict) == [.pass, .fail])
  }

  /// A wave that vanishes at every point of a long step, which therefore swears to a wrong slope: the
  /// closest look that noise allows sees through it, before the second witness is even asked.
  @Test func nobodyIsConvictedByALongStepAlone() throws {
    let count = 10
    let values = (0..<count).map { 0.5 + Double($0) / 16 }
    let claimed = values.map(Foundation.cos)
    let pilots = RandomSource(seed: 1).permutation(of: count).prefix(3)
    let odd = (0..<count).first { !pilots.contains($0) }!
    let step = try check().run([task(values, claimed: claimed) { _, x in Foundation.sin(x) }])
      .tensors[0].entries[odd].step
    let amplitude = step / 100
    var claims = claimed
    claims[odd] += Double.pi * amplitude / step
    let right = try check().run([
      task(values, claimed: claims) { i, x in
        Foundation.sin(x)
          + (i == odd ? amplitude * Foundation.sin(Double.pi * (x - values[odd]) / step) : 0)
      }
    ]).tensors[0].entries[odd]
    #expect(right.verdict == .pass && right.step < step / 4)
    #expect(abs(right.numeric - claims[odd]) < right.tolerance && right.secondNumeric == nil)
  }

  /// A loss with one slope at every point that the first witness asks for, and another everywhere else:
  /// only the second witness, which asks elsewhere, prevents a conviction.
  @Test func nobodyIsConvictedByOneWitness() throws {
    let (values, claims) = ([0.3, -0.7, 1.1], [1.0, 1.0, 1.001])
    var asked: [Set<Double>] = [[], [], []]
    var isSecond = false
    func run(_ f: @escaping (Int, Double) -> Double) throws -> EntryResult {
      try check().run([task(values, claimed: claims, f)]).tensors[0].entries[2]
    }
    let convicted = try run { i, x in
      if !isSecond { asked[i].insert(x) }
      return x
    }
    #expect(convicted.verdict == .fail)
    // What the second witness asks for, by itself.
    isSecond = true
    var second: Set<Double> = []
    _ = try check().witness.secondEstimate(
      Probe(x: 1.1, unitRoundoff: Double.unitRoundoff, rounded: { $0 }) { x in
        second.insert(x)
        return x - 1.1
      }, step: convicted.step / 2)
    asked[2].subtract(second)
    let entry = try run { i, x in asked[i].contains(x) ? x : claims[i] * (x - values[i]) + values[i]
    }
    #expect(abs(entry.numeric - 1) < 1e-6 && entry.difference - entry.bound > entry.tolerance)
    #expect(entry.verdict == .inconclusive)
    #expect(entry.secondNumeric != nil && entry.reason?.contains("second witness") == true)
  }

  /// An error that only shows far outside the tensor's own size is no error of this tensor's.
  @Test func nobodyIsConvictedByWhatLiesFarOutsideTheTensorsSize() throws {
    // Values of 1e-6; a slope that begins at 1e-3 on both sides, below the noise within the size.
    let values = [1e-6, -1e-6, 2e-6]
    let check = TensorCheck(
      witness: Witness(value: 0, sigma: 1e-9, z: 4, estimator: .fivePoint), rtol: 1e-2, seed: 1)
    let result = try check.run([
      task(values, claimed: [0, 1, 1]) { i, x in
        i == 0 ? 1e-5 * (max(x - 1e-3, 0) - max(-x - 1e-3, 0)) : x
      }
    ]).tensors[0]
    #expect(result.entries[0].verdict != .fail)
    #expect(result.entries[1].verdict == .pass)
  }

  @Test func aKinkInsideTheFirstStepIsRefinedAway() throws {
    // Farther away than the smallest refined step, nearer than the first.
    let result = try check().run([
      task([0, 1], claimed: [1, 1]) { i, x in x + (i == 0 ? max(x - 3e-5, 0) : x * x * x / 3 - x) }
    ]).tensors[0]
    #expect(result.entries[0].verdict == .pass)
    #expect(result.entries[0].step < 3e-5)
  }

  @Test func anEntryThatDiffersMeasurablyWithinToleranceIsCounted() throws {
    let result = try check().run([
      task([0.4, 0.9], claimed: [2 * (1 + 1e-7), 2]) { _, x in 2 * x }
    ]).tensors[0]
    #expect(result.verdict == .pass && result.differingMeasurably == 1)
    #expect(result.entries[0].reason == "differs measurably, within tolerance")
    #expect(result.entries[0].differsMeasurably && !result.entries[1].differsMeasurably)
  }

  @Test func theWorstEntriesStandFirst() throws {
    let claimed = [1, 1 + 1e-3, 1 + 1e-2, 1 + 3e-7, 1, 1, .nan]
    let result = try check().run([
      task([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], claimed: claimed) { _, x in x }
    ]).tensors[0]
    #expect(result.worst.map { $0.index[0] } == [6, 2, 1, 3, result.worst[4].index[0]])
    #expect(result.worst.count == 5 && result.counts.fail == 3)
  }

  @Test func aWildEntryDoesNotRaiseTheToleranceOfTheOthers() throws {
    // The first entry's loss is so rough that nothing is known about its slope.
    let result = try check().run([
      task([0.1, 0.2], claimed: [0, 1]) { i, x in
        i == 0 ? 1e3 * roughness([x]) : x
      }
    ]).tensors[0]
    #expect(result.entries[0].verdict != .pass)
    #expect(result.entries[1].tolerance < 2e-6)
  }

  @Test func indicesAreRowAndColumn() throws {
    let kernel = Parameter("W", try Matrix<Double>([[1, 2, 3], [4, 5, 6]]))
    let task = TensorTask(kernel, claimed: [Double](repeating: 1, count: 6)) { i, x in
      x - Double(i + 1)
    }
    let result = try check().run([task]).tensors[0]
    #expect(
      result.entries.map(\.index) == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
    #expect(result.shape == [2, 3])
  }

  @Test func theScaleOfTensorsThatAreZeroComesFromTheOthersOrFromTheCaller() throws {
    let zero = task([0.3], claimed: [0]) { _, _ in 7 }
    let three = task([0.3], claimed: [3]) { _, x in 3 * x }
    let (tensors, scale) = try check().run([zero, three])
    #expect(abs(scale - 3) < 1e-9 && abs(tensors[0].rms - 3) < 1e-9)
    #expect(try check().run([zero], wholeScale: 5).tensors[0].rms == 5)
    #expect(try check().run([zero]).wholeScale == 0)
  }

  // MARK: Scale

  /// Half the entries 1, half far smaller, each with a loss that changes on its own scale.
  @Test(arguments: [1e-3, 1e-5, 1e-7, 1e-10, 1e-12]) func entriesOfEverySizeAreMeasured(
    small: Double
  ) throws {
    let sizes = [1, 1, 1, 1, small, small, small]
    let x = zip(sizes, [0.7, -1.2, 0.5, 1.4, 0.9, -0.6, 1.3]).map { $0 * $1 }
    func check(_ factor: Double) throws -> TensorResult {
      let objective = FunctionObjective(
        at: x, loss: { x in zip(x, sizes).reduce(0) { $0 + sin($1.0 / $1.1) } },
        gradient: { x in
          var slopes = zip(x, sizes).map { cos($0 / $1) / $1 }
          slopes[4] *= factor
          return slopes
        })
      return try GradientChecker().check(objective).parameters[0]
    }
    #expect(try check(1).verdict == .pass)
    #expect(try check(1.001).entries.map(\.verdict)[4] == .fail)
  }

  /// What the differences of finite losses make cannot always be represented.
  @Test func overflowIsNotConvicted() throws {
    let result = try check(1e308).run([
      task([1e-200, 1], claimed: [1, 1]) { i, x in i == 0 ? 1e307 * tanh(x * 1e200) : x }
    ]).tensors[0]
    #expect(result.entries[0].verdict == .inconclusive)
    #expect(result.entries[0].reason?.contains("overflow") == true)
  }

  // MARK: The closest look

  /// An odd feature at the point, narrower than any step that is taken: what leaves it out must not pass, and
  /// what knows it must not fail.
  @Test(arguments: [1e-4, 1e-6, 1e-8]) func somethingNarrowAtThePointIsSeen(width: Double)
    throws
  {
    func verdict(_ slope: Double) throws -> Verdict {
      // The slope is claimed at the point; at a second one the feature is gone.
      try GradientChecker(CheckOptions(secondPoint: false)).check(
        FunctionObjective(
          at: [0, 0, 0, 0],
          loss: { x in
            x.reduce(0) { $0 + cosh($1 + 0.3) + 0.5 * $1 * exp(-($1 / width) * ($1 / width)) }
          }, gradient: { x in x.map { sinh($0 + 0.3) + ($0 == 0 ? slope : 0) } })
      ).verdict
    }
    #expect(try verdict(0) != .pass)
    #expect(try verdict(0.5) != .fail)
  }

  /// The closest look costs at most five evaluations in a hundred.
  @Test func theClosestLookIsTakenAtASample() throws {
    let objective = try autoencoder(3, features: 20, hidden: [8])
    let counted = Tampered(objective)
    let result = try gradientResult(counted)
    #expect(result.verdict == .pass && counted.calls == result.evaluations)
    #expect(Double(counted.calls) < 4.35 * Double(result.entries.total) + 150)
  }

  // MARK: Corners

  /// Units of opposite orientation turn at the point: what backpropagation says lies outside both slopes, and
  /// is right by its convention.
  @Test func aClaimOutsideTheSidesOfACornerIsNotConvicted() throws {
    for (left, right) in [(0.4, 0.3), (-2, 1), (1e-3, 0.5)] {
      let result = try check().run([
        task([0, 1], claimed: [-0.8, 1]) { i, x in
          i == 1 ? x : -0.8 * x + right * max(x, 0) - left * max(-x, 0)
        }
      ]).tensors[0]
      #expect(result.entries[0].verdict == .inconclusive)
      #expect(result.entries[0].reason?.contains("a corner") == true)
    }
  }

  /// A right rectifier network in float32, without its twin in Double: small corners stand so close together that
  /// both witnesses agree on a wrong slope. What is far off is convicted all the same.
  @Test func crowdedCornersConvictOnlyWhatIsFarOff() throws {
    let random = RandomSource(seed: 2)
    let chain: Chain<Float> = try Models.autoencoder(
      features: 64, hidden: [16], tied: true, activation: .relu, outputActivation: .sigmoid,
      random: random)
    let input: Matrix<Float> = random.matrix(rows: 32, columns: 64, 0, 1)
    let network = ChainObjective(
      Network(chain, loss: .binaryCrossEntropy), input: input, target: input)
    func convicted(_ factor: Double) throws -> Int {
      let claims = try network.gradients().map { $0!.map { factor * $0 } }
      let witness = try Noise.measure(network, seed: 2)
      let tasks = network.parameters.enumerated().map { p, parameter in
        TensorTask(parameter, claimed: claims[p]) { entry, point in
          try network.value(changing: parameter, entry: entry, to: point)
        }
      }
      return try TensorCheck(
        witness: Witness(
          value: witness.value, sigma: witness.0.deviation,
          z: Witness.quantile(alpha: 0.01, entries: 1104), estimator: .fivePoint),
        rtol: 1e-2, seed: 2
      ).run(tasks).tensors.reduce(0) { $0 + $1.counts.fail }
    }
    #expect(try convicted(1) == 0)
    #expect(try convicted(2) > 500)
  }

  // MARK: One number

  @Test func aDerivativeOfOneNumberIsWeighedOnTheScaleThatIsGiven() throws {
    func result(_ claim: Double, _ scale: TensorTask.ToleranceScale) throws -> EntryResult {
      try check(1).check(
        derivative: claim, stepScale: 1, toleranceScale: scale, unitRoundoff: Double.unitRoundoff
      ) { t in 1 + 2 * sin(t) }
    }
    #expect(abs(try result(2, .tensor).tolerance - 2e-6) < 1e-12)
    #expect(abs(try result(2, .atLeast(5)).tolerance - 5e-6) < 1e-12)
    #expect(try result(2.01, .absolute(0.1)).tolerance == 0.1)
    #expect(try result(2.01, .absolute(0.1)).verdict == .pass)
    #expect(try result(2.01, .atLeast(5)).verdict == .fail)
  }
}
