import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

// MARK: Layers as a student writes them

/// output = input K, a struct that knows nothing of activations.
private struct StudentDense: Layer {
  let name: String
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>] = []
  var reverseScale = 1.0

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try kernels[0].multiply(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var scaled = cotangent
    for i in scaled.elements.indices { scaled.elements[i] *= reverseScale }
    try gradients.addProduct(input: input, cotangent: scaled, to: kernels[0])
    return try kernels[0].multiplyAdjoint(cotangent)
  }
}

/// The same as a class.
private final class StudentClass: Layer {
  let name: String
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>] = []

  init(_ name: String, _ kernel: Kernel<Double>) {
    self.name = name
    kernels = [kernel]
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try kernels[0].multiply(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try gradients.addProduct(input: input, cotangent: cotangent, to: kernels[0])
    return try kernels[0].multiplyAdjoint(cotangent)
  }
}

/// Uses a kernel that it does not declare; honest about its gradient, unless it is a thief.
private struct Eavesdropper: Layer {
  let name: String
  let hidden: Kernel<Double>
  var isThief = false
  var kernels: [Kernel<Double>] = []
  var biases: [Parameter<Double>] = []

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try hidden.multiply(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    if !isThief { try gradients.addProduct(input: input, cotangent: cotangent, to: hidden) }
    return try hidden.multiplyAdjoint(cotangent)
  }
}

private func kernel(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Kernel<Double> {
  Kernel("W", RandomSource(seed: seed).matrix(rows: rows, columns: columns, -0.8, 0.9))
}

private func objective(_ layers: [any Layer<Double>], features: Int, _ outputs: Int? = nil)
  -> ChainObjective<Double>
{
  let random = RandomSource(seed: 77)
  let input = random.matrix(rows: 4, columns: features, 0.1, 0.9, as: Double.self)
  let target = random.matrix(rows: 4, columns: outputs ?? features, 0.1, 0.9, as: Double.self)
  return ChainObjective(
    Network(Chain(layers), loss: .meanSquaredError), input: input, target: target)
}

struct TieCheckTests {
  // MARK: Right models

  @Test(arguments: ElementwiseFunction.allCases)
  func aTiedAutoencoderPasses(activation: ElementwiseFunction) throws {
    for seed in 1...4 {
      for (hidden, shared) in [([3], false), ([4], true), ([3, 2], false), ([4, 4], true)] {
        let model = try autoencoder(
          UInt64(seed), hidden: hidden, biasShared: shared, activation: activation)
        let result = try tieResult(model)
        // A relu layer can be dead on a small batch: then nothing is seen, and nothing condemned.
        let isDead = result.groups.contains { $0.follows.contains { $0.verdict == .inconclusive } }
        #expect(
          result.verdict == (isDead ? .inconclusive : .pass), "\(hidden), seed \(seed)")
        #expect(!isDead || activation == .relu)
        #expect(result.groups.count == hidden.count * (shared ? 2 : 1))
        #expect(result.groups.allSatisfy { $0.identity?.verdict == .pass })
      }
    }
  }

  @Test func theSumRuleHoldsMeasuredAndClaimed() throws {
    let model = try autoencoder(3, features: 5, hidden: [3])
    let gradient = try gradientResult(model)
    let group = try TieCheck().check(model, gradient: gradient).groups[0]
    #expect(group.sumRule.verdict == .pass)
    #expect(group.sumRule.maxRelativeError < 1e-7 && group.sumRule.maxRelativeError > 0)
    #expect(group.sumRule.maxClaimedError! < 1e-14)
    let shares: Double = group.paths.map(\.share).reduce(0, +)
    #expect(abs(shares - 1) < 1e-7)
    for (i, whole) in gradient.parameters[0].entries.enumerated() {
      let parts = group.measured.map { $0.entries[i] }
      let sum: Double = parts.map(\.numeric).reduce(0, +)
      let bound: Double = parts.map(\.bound).reduce(whole.bound, +)
      #expect(abs(sum - whole.numeric) <= bound)
    }
    #expect(group.uses.map(\.layer) == ["encoder", "decoder"])
    #expect(group.uses.map(\.transposed) == [false, true])
  }

  /// A bias that drops out of a difference: its two paths cancel, and of nothing there are no shares.
  @Test func pathsThatCancelHaveNoShares() throws {
    let random = RandomSource(seed: 3)
    let chain: Chain<Double> = try Models.siamese(
      features: 4, hidden: [3], activation: .identity, random: random)
    let objective = ChainObjective(
      Network(chain, loss: .contrastive), input: random.matrix(rows: 4, columns: 8),
      target: try Matrix([[0], [1], [0], [1]]))
    let tie = try TieCheck().check(objective, gradient: GradientChecker().check(objective))
    let bias = try #require(tie.groups.first { $0.parameter == "b" })
    #expect(bias.paths.map(\.share) == [0, 0])
    #expect(bias.paths.allSatisfy { $0.norm > 1e-3 })
    #expect(tie.groups.first { $0.parameter == "W" }!.paths.allSatisfy { $0.share != 0 })
  }

  @Test func anUntiedModelHasNothingToCheck() throws {
    let result = try tieResult(try autoencoder(1, tied: false))
    #expect(result.groups.isEmpty && result.verdict == .pass)
  }

  @Test func threeUsesAreThreePaths() throws {
    let W = kernel(3, 3)
    let model = objective(
      [
        Dense("one", kernel: W, activation: .tanh),
        Dense("two", kernel: W.transposed, activation: .tanh), Dense("three", kernel: W),
      ], features: 3)
    let result = try tieResult(model)
    #expect(result.verdict == .pass && result.groups[0].paths.count == 3)
    #expect(result.groups[0].follows.map(\.layer) == ["one", "two", "three"])
  }

  @Test func aSharedBiasIsAGroupOfItsOwn() throws {
    let model = try autoencoder(2, features: 3, hidden: [3], biasShared: true)
    let result = try tieResult(model)
    #expect(result.groups.map(\.parameter) == ["W", "b"])
    #expect(result.groups[1].paths.count == 2 && result.groups[1].verdict == .pass)
    #expect(result.groups[1].paths.allSatisfy { $0.norm > 0 })
  }

  @Test func aStudentsOwnLayersWorkInAChain() throws {
    let W = kernel(4, 3)
    for decoder: any Layer<Double> in [
      StudentDense(name: "decoder", kernels: [W.transposed]), StudentClass("decoder", W.transposed),
    ] {
      let model = objective(
        [Dense("encoder", kernel: W, activation: .tanh), decoder], features: 4)
      let result = try tieResult(model, expected: [["encoder", "decoder"]])
      #expect(result.verdict == .pass && result.groups.count == 1)
    }
  }

  // MARK: Wrong models

  @Test func aStudentsWrongBackwardFailsInItsOwnPath() throws {
    let W = kernel(4, 3)
    let model = objective(
      [
        Dense("encoder", kernel: W, activation: .tanh),
        StudentDense(name: "decoder", kernels: [W.transposed], reverseScale: 1.001),
      ], features: 4)
    let group = try tieResult(model).groups[0]
    #expect(group.verdict == .fail)
    #expect(group.paths.map(\.verdict) == [.pass, .fail])
  }

  @Test func equalValuesAreNotATie() throws {
    let W = kernel(4, 3)
    let copy = Kernel(W.parameter.copy(named: "V"))
    let model = objective(
      [Dense("encoder", kernel: W), Dense("decoder", kernel: copy.transposed)], features: 4)
    #expect(try tieResult(model).verdict == .pass)
    let result = try tieResult(model, expected: [["encoder", "decoder"]])
    #expect(result.verdict == .fail && result.missing.count == 1)
    #expect(
      result.missing[0].hasPrefix(
        "encoder and decoder should share one kernel, but encoder holds W, decoder holds V. Equal"))
  }

  @Test func aTieExpectedOfALayerThatIsNotThereIsMissing() throws {
    let result = try tieResult(try autoencoder(1), expected: [["encoder", "readout"]])
    #expect(result.verdict == .fail && result.missing[0].contains("readout holds none"))
  }

  @Test func sharingABiasIsNotSharingAKernel() throws {
    let bias = Parameter<Double>("b", [0.1, 0.2, 0.3])
    let model = objective(
      [
        Dense("encoder", kernel: kernel(3, 3), bias: bias),
        Dense("decoder", kernel: Kernel("V", kernel(3, 3, seed: 2).parameter.values), bias: bias),
      ], features: 3)
    #expect(try tieResult(model, expected: [["encoder", "decoder"]]).verdict == .fail)
  }

  /// The gradient is right and the declared uses are right; only the paths do not add up.
  @Test func aThirdLayerThatReadsTheKernelBehindTheirBackFails() throws {
    let W = kernel(3, 3)
    let model = objective(
      [
        Dense("encoder", kernel: W, activation: .tanh), Eavesdropper(name: "spy", hidden: W),
        Dense("decoder", kernel: W.transposed),
      ], features: 3)
    #expect(try gradientResult(model).verdict == .pass)
    let result = try tieResult(model)
    #expect(result.verdict == .fail && result.groups[0].sumRule.verdict == .fail)
    #expect(result.groups[0].sumRule.maxRelativeError > 0.01)
    #expect(result.groups[0].sumRule.maxClaimedError! > 0.01)
  }

  /// What is claimed adds up; what is measured does not.
  @Test func theMeasuredPathsMustAddUpEvenWhereTheClaimedOnesDo() throws {
    let W = kernel(3, 3)
    let model = objective(
      [
        Dense("encoder", kernel: W, activation: .tanh),
        Eavesdropper(name: "spy", hidden: W, isThief: true),
        Dense("decoder", kernel: W.transposed),
      ], features: 3)
    let rule = try tieResult(model).groups[0].sumRule
    #expect(rule.maxClaimedError! < 1e-14 && rule.maxRelativeError > 0.01)
    #expect(rule.verdict == .fail)
  }

  /// With one declared use there is no sum to be wrong, and it must be noticed all the same.
  @Test func aLayerThatUsesAnothersKernelUndeclaredFails() throws {
    let W = kernel(3, 3)
    let model = objective(
      [
        Dense("encoder", kernel: W, activation: .tanh),
        Eavesdropper(name: "spy", hidden: W.transposed),
      ], features: 3)
    #expect(try gradientResult(model).verdict == .pass)
    let result = try tieResult(model)
    #expect(result.verdict == .fail)
    #expect(result.missing.contains { $0.contains("spy uses W without declaring it") })
  }

  /// What is tolerated in each path is tolerated in their sum, and not more.
  @Test(arguments: [(1e-9, Verdict.pass), (1e-7, .pass), (1e-4, .fail), (-1, .fail)])
  func aClaimThatDoesNotAddUpFailsTheSumRule(error: Double, verdict: Verdict) throws {
    let model = try autoencoder(1)
    let gradient = try gradientResult(model)
    let wrong = TamperedPaths(model) { layer, parameter, claim in
      if layer == 1 && parameter == 0 { claim = claim.map { $0 * (1 + error) } }
    }
    let group = try TieCheck().check(wrong, gradient: gradient).groups[0]
    #expect(group.paths.map(\.verdict) == [.pass, verdict])
    #expect(group.sumRule.verdict == verdict)
    #expect(group.verdict == verdict)
  }

  // MARK: Several uses in one layer

  @Test(arguments: [2, 3, 5]) func everyUseWithinALayerIsAPath(uses: Int) throws {
    for seed in 1...5 {
      let result = try tieResult(repeated(UInt64(seed), uses: uses))
      #expect(result.verdict == .pass)
      #expect(result.groups.map(\.parameter) == ["W", "b"])
      for group in result.groups {
        #expect(group.paths.count == uses && group.uses.allSatisfy { $0.layer == "loop" })
        let shares: Double = group.paths.map(\.share).reduce(0, +)
        #expect(abs(shares - 1) < 1e-6)
        #expect(group.sumRule.verdict == .pass && group.identity?.verdict == .pass)
        #expect(group.follows.allSatisfy { $0.verdict == .pass })
      }
      #expect(result.groups[0].paths[1].name == "loop turn 2")
    }
  }

  @Test func aLostPathWithinALayerFailsByName() throws {
    for (factor, id) in [(0.0, "missing-path"), (2, "doubled-path"), (0.5, "scaled-path")] {
      let model = repeated(2, uses: 3) { $0.factors = [1, factor] }
      let gradient = try gradientResult(model)
      let tie = try tieResult(model)
      #expect(gradient.verdict == .fail)
      #expect(tie.groups[0].paths.map(\.verdict) == [.pass, .fail, .pass])
      #expect(tie.groups[1].verdict == .pass)
      let named = Diagnostician(batch: 4).diagnose(gradient: gradient, tie: tie)
      #expect(named.map(\.id) == [id])
      #expect(named[0].sentence.contains("the contribution of loop turn 2"))
    }
  }

  @Test func aSlotThatHoldsACopyIsMissedByNameOnly() throws {
    let ties = [["loop turn 1", "loop turn 2", "loop turn 3"]]
    let right = repeated(2, uses: 3)
    #expect(
      try TieCheck().check(right, gradient: gradientResult(right), expected: ties).missing == [])
    let wrong = repeated(2, uses: 3) { layer in
      layer.rebind(slot: 2, to: layer.kernels[2].parameter.copy(named: "W2"))
    }
    let result = try TieCheck().check(
      wrong, gradient: gradientResult(wrong), expected: ties)
    #expect(result.verdict == .fail)
    #expect(result.copies.count == 1)
    #expect(result.missing[0].contains("loop turn 3 holds W2"))
  }

  /// A copy behind a slot that says otherwise: nothing arrives there, whoever asks.
  @Test func aSlotThatReadsAFrozenCopyDoesNotFollow() throws {
    let wrong = repeated(2, uses: 3) { layer in
      let copy = layer.kernels[1].parameter.copy(named: "copy")
      layer.read = [nil, layer.kernels[1].rebound(to: copy)]
      layer.factors = [1, 0]
    }
    #expect(try gradientResult(wrong).verdict == .pass)
    let group = try tieResult(wrong).groups[0]
    #expect(group.follows.map(\.verdict) == [.pass, .inconclusive, .pass])
    #expect(group.follows[1].reason!.contains("or it holds a copy"))
    #expect(group.paths[1].norm == 0 && group.verdict == .inconclusive)
    // Where every slot does, the layer is convicted.
    let all = repeated(2, uses: 3) { layer in
      let copy = layer.kernels[0].parameter.copy(named: "copy")
      layer.read = layer.kernels.map { $0.rebound(to: copy) }
      layer.factors = [0, 0, 0]
    }
    #expect(try tieResult(all).groups[0].follows.allSatisfy { $0.verdict == .fail })
  }

  /// A turn that this batch does not take is no crime.
  @Test func aUseThatNoSampleReachesIsInconclusiveNotConvicted() throws {
    let model = repeated(2, uses: 3) { $0.skipped = [2] }
    let groups = try tieResult(model).groups
    for group in groups {
      #expect(group.follows.map(\.verdict) == [.pass, .pass, .inconclusive])
      #expect(group.sumRule.verdict == .pass)
    }
  }

  /// Nor does a use that nothing reaches stand for a copy where no other use shows either.
  @Test func whereNothingArrivesAtAllNobodyIsConvicted() throws {
    for (model, reached) in zip(try unreached(tied: true), [["rnn input 1", "rnn step 1"], []]) {
      let follows = try tieResult(model).groups.flatMap(\.follows)
      #expect(follows.count >= 2)
      for use in follows {
        let isReached = reached.contains(use.name)
        #expect(use.verdict == (isReached ? .pass : .inconclusive), "\(use.name)")
        #expect(use.reason == (isReached ? nil : "nothing of this batch reaches it"))
      }
    }
  }

  @Test func alongDirectionsPathsWithinALayerAreMeasuredToo() throws {
    let model = repeated(4, uses: 3)
    var options = CheckOptions(seed: 3)
    options.directions = 2
    let gradient = try GradientChecker(options).check(model)
    let group = try TieCheck(options).check(model, gradient: gradient).groups[0]
    #expect(group.verdict == .pass && group.paths.count == 3)
  }

  // MARK: Does each layer follow?

  @Test func aSaturatedLayerIsNotACopy() throws {
    let model = try autoencoder(3, features: 3, hidden: [3], biasShared: true)
    let bias = model.typedParameters[1]
    bias.flat = bias.flat.map { $0 < 0 ? -60 : 60 }
    #expect(
      try tieResult(model).groups.allSatisfy { $0.follows.allSatisfy { $0.verdict == .pass } })
  }

  @Test func aDeadReluLayerIsNotFailed() throws {
    let W = kernel(3, 2)
    let dead = Parameter<Double>("b", [-1000, -1000])
    let model = objective(
      [
        Dense("encoder", kernel: W, bias: dead, activation: .relu),
        Dense("decoder", kernel: W.transposed, bias: Parameter("c", [0.1, 0.2, 0.3])),
      ], features: 3)
    let group = try tieResult(model).groups[0]
    // The encoder wakes when its kernel is moved far enough; nothing but zeros arrives at the
    // decoder, which is given other numbers. Both follow, and the paths have nothing to show.
    #expect(group.follows.allSatisfy { $0.verdict == .pass })
    #expect(group.paths.allSatisfy { $0.norm == 0 })
    #expect(group.verdict != .fail)
  }

  @Test func theValuesAreAsTheyWere() throws {
    let model = try autoencoder(4)
    model.parameters[0][1] = -0.0
    let before = bits(model.parameters)
    _ = try tieResult(model)
    #expect(bits(model.parameters) == before)
  }
}
