import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// The diagnoses of a model whose claimed paths were changed.
/// - Parameters:
///   - byUse: whether the claims of single uses are known.
///   - values: whether the point is.
private func diagnose(
  _ model: ChainObjective<Double>, byUse: Bool = true, batch: Int? = nil, values: Bool = false,
  _ change: @escaping (Int, Int, inout [Double]) -> Void
) throws -> [Diagnosis] {
  let wrong = TamperedPaths(model, byUse: byUse, change)
  let gradient = try gradientResult(wrong)
  let tie = try TieCheck().check(wrong, gradient: gradient)
  let point = values ? model.parameters.map { ($0.name, $0.flat) } : []
  return Diagnostician(batch: batch, outputs: model.target.columns).diagnose(
    gradient: gradient, tie: tie, values: Dictionary(uniqueKeysWithValues: point))
}

/// Every contribution to every parameter times a factor.
private func scalingAll(_ factor: Double) -> (Int, Int, inout [Double]) -> Void {
  { _, _, claim in claim = claim.map { $0 * factor } }
}

private func scaling(_ factor: Double, layer: Int, parameter: Int = 0) -> (
  Int, Int, inout [Double]
) -> Void {
  { l, p, claim in
    if l == layer && p == parameter { claim = claim.map { $0 * factor } }
  }
}

private let shapes: [(features: Int, hidden: [Int])] = [
  (5, [3]), (4, [4]), (5, [4, 3]), (3, [3, 3]),
]

struct DiagnosisTests {
  @Test func aRightModelNeedsNone() throws {
    #expect(try diagnose(try autoencoder(1)) { _, _, _ in }.isEmpty)
  }

  @Test func aMissingPathIsNamedWithMinusOne() throws {
    for (features, hidden) in shapes {
      for seed in 1...5 {
        let model = try autoencoder(UInt64(seed), features: features, hidden: hidden)
        let last = 2 * hidden.count - 1
        for layer in [0, last] {
          let found = try diagnose(model, scaling(0, layer: layer))
          #expect(found.count == 1)
          #expect(found[0].id == "missing-path", "\(hidden) seed \(seed): \(found[0].sentence)")
          #expect(abs(found[0].coefficient + 1) <= max(5 * found[0].coefficientError, 1e-6))
          #expect(found[0].explained && found[0].coefficientError < 1e-4)
          #expect(
            found[0].sentence.contains(
              "-1.0000 x \(model.layerNames[layer])'s path: the contribution of "
                + "\(model.layerNames[layer]) is missing"))
        }
      }
    }
  }

  @Test func aSharedBiasIsNamedToo() throws {
    for seed in 1...5 {
      let model = try autoencoder(UInt64(seed), features: 4, hidden: [4], biasShared: true)
      let found = try diagnose(model) { layer, _, claim in
        if layer == 1 { claim = claim.map { _ in 0 } }
      }
      #expect(found.map(\.parameter) == ["W", "b"])
      #expect(found.allSatisfy { $0.id == "missing-path" && abs($0.coefficient + 1) < 1e-5 })
    }
  }

  @Test func oneUseOfThreeIsNamed() throws {
    for layer in 0..<3 {
      let random = RandomSource(seed: 5)
      let kernel = Kernel<Double>("W", random.matrix(rows: 3, columns: 3, -0.8, 0.9))
      let input = random.matrix(rows: 4, columns: 3, as: Double.self)
      let model = ChainObjective(
        Network(
          Chain<Double>([
            Dense("one", kernel: kernel, activation: .tanh),
            Dense("two", kernel: kernel.transposed, activation: .sigmoid),
            Dense("three", kernel: kernel),
          ]), loss: .meanSquaredError), input: input, target: input)
      let found = try diagnose(model, scaling(0, layer: layer))
      #expect(found.map(\.id) == ["missing-path"])
      #expect(found[0].sentence.contains("\(["one", "two", "three"][layer])'s path"))
    }
  }

  @Test func otherMultiplesHaveTheirNames() throws {
    for seed in 1...4 {
      let model = try autoencoder(UInt64(seed), features: 5, hidden: [3])
      let twice = try diagnose(model, scaling(2, layer: 1))
      #expect(twice[0].id == "doubled-path" && abs(twice[0].coefficient - 1) < 1e-5)
      let scaled = try diagnose(model, scaling(0.7, layer: 0))
      #expect(scaled[0].id == "scaled-path" && abs(scaled[0].coefficient + 0.3) < 1e-5)
      func both(_ factor: Double) throws -> [Diagnosis] {
        try diagnose(model) { _, p, claim in if p == 0 { claim = claim.map { $0 * factor } } }
      }
      #expect(try both(2).map(\.id) == ["doubled"])
      #expect(try both(0.5).map(\.id) == ["averaged"])
      #expect(try both(0).map(\.id) == ["zero-gradient"])
      #expect(try both(1.25).map(\.id) == ["scaled"])
      #expect(try both(1.25)[0].sentence.contains("times 1.2500"))
    }
  }

  /// With two uses a half is the mean of two contributions: not where a bias of one use has it too.
  @Test func oneFactorOfEverythingIsOneMistake() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let model = try autoencoder(seed, features: 5, hidden: [3], batch: 7)
      let half = try diagnose(model, scalingAll(0.5))
      #expect(half.map(\.id) == ["scaled", "scaled", "scaled"])
      #expect(Set(half.map(\.sentence)).count == 1)
      #expect(half[0].sentence.contains("W, b and c are the true ones times 0.5000"))
      #expect(try diagnose(model, scalingAll(2)).allSatisfy { $0.id == "doubled" })
      #expect(try diagnose(model, scalingAll(0)).allSatisfy { $0.id == "zero-gradient" })
      let outputs = try diagnose(model, batch: 7, scalingAll(5))
      #expect(outputs.allSatisfy { $0.id == "batch-factor" }, "\(outputs)")
      #expect(outputs[0].sentence.contains("5 is the number of outputs"))
      let product = try diagnose(model, batch: 7, scalingAll(35))
      #expect(product.allSatisfy { $0.id == "batch-factor" }, "\(product)")
      #expect(product[0].sentence.contains("35 is the 7 samples times the number of outputs"))
    }
  }

  /// A sum over two samples is twice the mean, and the mean of two is half of it.
  @Test func ofTwoSamplesASumIsTwiceTheMean() throws {
    let model = try autoencoder(1, features: 5, hidden: [3], batch: 2)
    let twice = try diagnose(model, batch: 2, scalingAll(2))
    #expect(twice.allSatisfy { $0.id == "ambiguous" })
    #expect(twice[0].alternatives == ["doubled", "sum-for-mean"])
    #expect(twice[0].sentence.contains("counted twice"))
    #expect(twice[0].sentence.contains("a sum over the 2 samples"))
    let half = try diagnose(model, batch: 2) { _, p, claim in
      if p == 0 { claim = claim.map { $0 / 2 } }
    }
    #expect(half.map(\.id) == ["ambiguous"])
    #expect(half[0].alternatives == ["averaged", "mean-twice"])
  }

  @Test func eachPathHasItsOwnFactor() throws {
    for byUse in [true, false] {
      let model = try autoencoder(2, features: 5, hidden: [3])
      let found = try diagnose(model, byUse: byUse) { l, p, claim in
        if p == 0 { claim = claim.map { $0 * (l == 0 ? 0.5 : 1.5) } }
      }
      #expect(found.map(\.id) == ["scaled-path", "scaled-path"])
      #expect(found[0].sentence.contains("contribution of encoder to W is multiplied by 0.5000"))
      #expect(found[1].sentence.contains("contribution of decoder to W is multiplied by 1.5000"))
      let lost = try diagnose(model, byUse: byUse) { l, p, claim in
        if p == 0 { claim = claim.map { $0 * (l == 0 ? 0 : 1.5) } }
      }
      #expect(lost.map(\.id) == ["missing-path", "scaled-path"])
    }
  }

  @Test func whatIsTurnedMayHaveAFactorToo() throws {
    let model = try autoencoder(3, features: 4, hidden: [4])
    let found = try diagnose(model, byUse: false) { l, p, claim in
      if l == 1 && p == 0 { claim = transposed(claim, rows: 4, columns: 4) }
      if p == 0 { claim = claim.map { 2 * $0 } }
    }
    #expect(Set(found.map(\.id)) == ["doubled", "untransposed"], "\(found)")
  }

  /// A decay that the loss has not, and a penalty that the gradient has not: in opposite directions.
  @Test func aPenaltyForgottenIsNoDecayTooMany() throws {
    let model = try autoencoder(4, features: 5, hidden: [3])
    func adding(_ c: Double) throws -> [Diagnosis] {
      let values = model.parameters[0].flat
      return try diagnose(model, byUse: false, values: true) { l, p, claim in
        if l == 0 && p == 0 { claim = zip(claim, values).map { $0 + c * $1 } }
      }
    }
    let stray = try adding(0.02)
    #expect(stray.map(\.id) == ["stray-weight-term"])
    let forgotten = try adding(-0.02)
    #expect(forgotten.map(\.id) == ["penalty-forgotten"])
    #expect(forgotten[0].sentence.contains("the loss holds a penalty on W, such as 0.0100 times"))
    let small = try adding(-2e-5)
    #expect(small.map(\.id) == ["penalty-forgotten"])
    #expect(small[0].sentence.hasPrefix("-2e-05 x W itself"))
  }

  /// Two numbers are any multiple of two others: they have the one that the kernel has.
  @Test func aShortBiasHasTheKernelsDecay() throws {
    let model = try autoencoder(5, features: 4, hidden: [2])
    let points = model.parameters.map(\.flat)
    let found = try diagnose(model, byUse: false, values: true) { l, p, claim in
      if l == 0 { claim = zip(claim, points[p]).map { $0 - 0.03 * $1 } }
    }
    #expect(found.map(\.id) == ["penalty-forgotten", "penalty-forgotten"])
    #expect(found.map(\.parameter) == ["W", "b"])
  }

  /// The same hypotheses, by inner products with the measured directions.
  @Test func alongDirectionsTheSameNamesAreGiven() throws {
    var options = CheckOptions()
    options.directions = 6
    let model = try autoencoder(6, features: 5, hidden: [3])
    func named(
      _ change: @escaping (Int, Int, inout [Double]) -> Void
    ) throws -> [Diagnosis] {
      let wrong = TamperedPaths(model, change)
      let gradient = try GradientChecker(options).check(wrong)
      let tie = try TieCheck(options).check(wrong, gradient: gradient)
      return Diagnostician().diagnose(gradient: gradient, tie: tie)
    }
    #expect(try named { _, _, _ in }.isEmpty)
    #expect(try named(scaling(0, layer: 1)).map(\.id) == ["missing-path"])
    #expect(try named(scaling(2, layer: 0)).map(\.id) == ["doubled-path"])
    #expect(try named(scaling(0.7, layer: 0)).map(\.id) == ["scaled-path"])
    #expect(try named(scalingAll(2)).map(\.id) == ["doubled", "doubled", "doubled"])
    let random = RandomSource(seed: 1)
    #expect(
      try named { l, p, claim in
        if l == 0 && p == 0 { claim = claim.map { $0 + random.uniform(-0.1, 0.1) } }
      }.isEmpty)
  }

  @Test func oneWrongEntryIsUnexplained() throws {
    for seed in 1...10 {
      let random = RandomSource(seed: UInt64(seed))
      let model = try autoencoder(UInt64(seed), features: 4, hidden: [3])
      let entry = random.integer(below: 12)
      let found = try diagnose(model) { l, p, claim in
        if l == 0 && p == 0 { claim[entry] += 0.1 }
      }
      #expect(found.map(\.id) == ["unexplained"])
      #expect(
        !found[0].explained
          && found[0].sentence.contains("one entry is wrong, at [\(entry / 3), \(entry % 3)]"))
    }
  }

  @Test func aRandomWrongGradientIsUnexplained() throws {
    for seed in 1...10 {
      let random = RandomSource(seed: UInt64(seed))
      let found = try diagnose(try autoencoder(UInt64(seed))) { l, p, claim in
        if l == 0 && p == 0 { claim = claim.map { $0 + random.uniform(-0.1, 0.1) } }
      }
      #expect(found.map(\.id) == ["unexplained"])
    }
  }

  @Test func theUntransposedContributionIsNamed() throws {
    for seed in 1...5 {
      let found = try diagnose(try autoencoder(UInt64(seed), features: 4, hidden: [4])) {
        l, p, claim in
        if l == 1 && p == 0 { claim = transposed(claim, rows: 4, columns: 4) }
      }
      #expect(found.map(\.id) == ["untransposed"])
    }
  }

  /// A diagonal kernel, inputs that each touch one unit, the same residual in both layers: the two
  /// paths are the same matrix.
  @Test func pathsThatAreAlikeAreAmbiguous() throws {
    let kernel = Kernel<Double>("W", try Matrix([[0.7, 0.2], [0.2, 0.4]]))
    let input = try Matrix<Double>([[1, 0], [0, 1]])
    // Linear, symmetric, on the identity: y = W W^T, and both uses contribute the same.
    let model = ChainObjective(
      Network(
        Chain<Double>([
          Dense("encoder", kernel: kernel), Dense("decoder", kernel: kernel.transposed),
        ]), loss: .meanSquaredError), input: input, target: input)
    for (layer, name) in ["encoder", "decoder"].enumerated() {
      // The claims by use say which it is.
      let told = try diagnose(model, scaling(0, layer: layer))
      #expect(told.map(\.id) == ["missing-path"])
      #expect(told[0].sentence.contains("contribution of \(name) is missing"))
      let found = try diagnose(model, byUse: false, scaling(0, layer: layer))
      #expect(found.map(\.id) == ["ambiguous"])
      // Two equal halves: one of them is missing, or they are averaged.
      #expect(found[0].alternatives == ["missing-path", "missing-path", "averaged"])
      #expect(found[0].sentence.contains("encoder's path"))
      #expect(found[0].sentence.contains("decoder's path"))
      #expect(found[0].sentence.contains("cannot be told apart"))
    }
  }

  /// Any number is a multiple of any other: one entry explains nothing by itself.
  @Test func aSingleEntryIsNoEvidenceForAnOddMultiple() throws {
    let bias = Parameter<Double>("b", [0.3])
    let chain = Chain<Double>([
      Dense(
        "readout", kernel: Kernel("W", try Matrix([[0.4], [-0.6]])), bias: bias, activation: .tanh)
    ])
    let random = RandomSource(seed: 1)
    let model = ChainObjective(
      Network(chain, loss: .meanSquaredError), input: random.matrix(rows: 3, columns: 2),
      target: random.matrix(rows: 3, columns: 1))
    let odd = try diagnose(model) { _, p, claim in if p == 1 { claim[0] += 0.0123 } }
    #expect(odd.map(\.id) == ["unexplained"])
    let doubled = try diagnose(model) { _, p, claim in if p == 1 { claim[0] *= 2 } }
    #expect(doubled.map(\.id) == ["doubled"])
  }

  @Test func aMissingOrMisshapenClaimHasItsOwnSentenceAndNoDiagnosis() throws {
    let model = try autoencoder(1)
    let gradient = try gradientResult(Tampered(model) { $0[0] = nil })
    let tie = try TieCheck().check(model, gradient: try gradientResult(model))
    #expect(gradient.verdict == .fail)
    #expect(Diagnostician().diagnose(gradient: gradient, tie: tie).isEmpty)
  }
}
