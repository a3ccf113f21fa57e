import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct ChainObjectiveTests {
  @Test func usesAreListedLayerByLayerKernelsFirst() throws {
    let objective = try autoencoder(1, features: 3, hidden: [3], biasShared: true)
    #expect(objective.parameters.map(\.name) == ["W", "b"])
    #expect(objective.uses.map(\.layerName) == ["encoder", "encoder", "decoder", "decoder"])
    #expect(objective.uses.map(\.parameter) == [0, 1, 0, 1])
    #expect(objective.uses.map(\.isTransposed) == [false, false, true, false])
  }

  /// A path moves one use only: exactly what rebinding that use to a Parameter of its own gives.
  @Test(arguments: [Loss.meanSquaredError, .binaryCrossEntropy, .softmaxCrossEntropy])
  func aPathIsWhatRebindingTheUseGives(loss: Loss) throws {
    let objective = try autoencoder(2, features: 4, hidden: [3], loss: loss)
    for layer in 0...1 {
      let use = try #require(objective.uses.first { $0.layer == layer })
      let path = try objective.pathFunction(use)
      let kernel = objective.network.chain.layers[layer].kernels[0]
      func moved(_ entry: Int, _ point: Double) throws -> Double {
        try path(.entry(entry, to: point))
      }
      let own = kernel.parameter.copy(named: "own")
      var network = objective.network
      network.chain.layers[layer].kernels = [kernel.rebound(to: own)]
      let rebound = ChainObjective(network, input: objective.input, target: objective.target)
      for entry in 0..<own.count {
        #expect(try moved(entry, own[entry]) == objective.value())
        let expected = try rebound.value(changing: own, entry: entry, to: own[entry] + 0.25)
        let found = try moved(entry, own[entry] + 0.25)
        #expect(found == expected)
        #expect(
          try found
            != objective.value(changing: kernel.parameter, entry: entry, to: own[entry] + 0.25))
      }
    }
  }

  @Test func aUseIsReadAndWrittenInItsOwnOrientation() throws {
    let objective = try autoencoder(3, features: 3, hidden: [2])
    let (encoder, decoder) = (objective.uses[0], objective.uses[2])
    #expect(decoder.isTransposed)
    let values = objective.values(of: encoder)
    #expect(values == objective.parameters[0].flat)
    #expect(objective.values(of: decoder) == transposed(values, rows: 3, columns: 2))
    #expect(objective.ownValues(of: decoder) == values)
    objective.setValues([1, 2, 3, 4, 5, 6], of: decoder)
    #expect(objective.values(of: decoder) == [1, 2, 3, 4, 5, 6])
    #expect(objective.values(of: encoder) == [1, 4, 2, 5, 3, 6])
  }

  @Test func theUntiedTwinHasTheSameValueAndSharesNothing() throws {
    let objective = try autoencoder(4, features: 4, hidden: [3, 2])
    let twin = try #require(objective.untiedTwin())
    #expect(try twin.value() == objective.value())
    #expect(twin.uses.count == twin.parameters.count)
    for parameter in twin.parameters { parameter.flat = parameter.flat.map { _ in 0 } }
    #expect(try twin.value() != objective.value())
  }

  @Test func contributionsOfTheUsesAddUpToTheGradient() throws {
    for objective in [try autoencoder(5, features: 5, hidden: [4, 3]), repeated(5, uses: 4)] {
      let (whole, byUse) = (try objective.gradients(), try objective.gradientsByUse())
      for p in objective.parameters.indices {
        var sum = [Double](repeating: 0, count: objective.parameters[p].count)
        for (use, contribution) in zip(objective.uses, byUse) where use.parameter == p {
          sum = zip(sum, try #require(contribution)).map { $0 + $1 }
        }
        #expect(relativeDifference(sum, whole[p]!) < 1e-13)
      }
    }
  }

  @Test func aLayerAloneRunsOnTheInputItHadAtThePoint() throws {
    let objective = try autoencoder(6)
    let output = try objective.layerFunction(1)
    let before = try output()
    #expect(try before == objective.network.chain.forward(objective.input).elements)
    // The encoder's own bias moves what the decoder would be given, and must not move this.
    objective.parameters[1][0] += 1
    #expect(try output() == before)
    objective.parameters[0][0] += 1
    #expect(try output() != before)
  }

  // MARK: Several uses in one layer

  @Test func aLayerHasOneUseForEachSlot() throws {
    let objective = repeated(1, uses: 3)
    #expect(objective.parameters.map(\.name) == ["W", "b"])
    #expect(
      objective.uses.map(\.name) == [
        "loop turn 1", "loop turn 2", "loop turn 3", "loop bias 1", "loop bias 2", "loop bias 3",
      ])
    #expect(objective.uses.map(\.parameter) == [0, 0, 0, 1, 1, 1])
    #expect(objective.uses.map(\.isTransposed) == [false, true, false, false, false, false])
    #expect(objective.uses.map(\.occurrence) == [0, 1, 2, 0, 1, 2])
    #expect(objective.untiedTwin()!.uses.allSatisfy { $0.name == "loop" })
  }

  /// The path through a slot is what rebinding that slot by hand gives, claimed and measured, and the
  /// model is as it was.
  @Test(arguments: 0..<6) func aPathWithinALayerIsWhatRebindingTheSlotGives(slot: Int) throws {
    let objective = repeated(2, uses: 3)
    let (use, before) = (objective.uses[slot], bits(objective.parameters))
    let path = try objective.pathFunction(use)
    var network = objective.network
    let own = objective.typedParameters[use.parameter].copy(named: "own")
    network.chain.layers[0].rebind(slot: slot, to: own)
    let byHand = ChainObjective(network, input: objective.input, target: objective.target)
    for entry in 0..<own.count {
      #expect(try path(.entry(entry, to: own[entry])) == objective.value())
      let expected = try byHand.value(changing: own, entry: entry, to: own[entry] + 0.25)
      #expect(try path(.entry(entry, to: own[entry] + 0.25)) == expected)
    }
    var values = own.flat
    values[0] += 0.5
    #expect(try path(.values(values)) == byHand.value(changing: own, entry: 0, to: values[0]))
    let claimed = try #require(try objective.gradientsByUse()[slot])
    #expect(
      relativeDifference(
        claimed, try byHand.network.gradients(byHand.input, target: byHand.target)[own]!.elements)
        < 1e-14)
    #expect(bits(objective.parameters) == before)
  }

  @Test func aLayerAloneRunsWithOneOfItsUsesChanged() throws {
    let objective = repeated(3, uses: 2)
    let output = try objective.layerFunction(objective.uses[1])
    let before = try output(nil)
    #expect(try before == objective.layerFunction(0)())
    let moved = objective.parameters[0].flat.map { $0 + 1 }
    #expect(try output(.values(moved)) != before)
    #expect(
      try output(.values(moved))
        != objective.parameters[0].standing(.values(moved), objective.layerFunction(0)))
    #expect(try output(nil) == before)
  }

  @Test func theLayersSayWhatTheBatchReaches() throws {
    let models = try unreached(tied: true)
    #expect(
      try models[0].uses.filter(models[0].reaches).map(\.slotName) == ["input 1", "step 1"])
    #expect(
      try models[1].uses.filter(models[1].reaches).map(\.slotName) == ["value", "output"])
    // A term of the loss reads what it reads.
    var chain = models[1].network
    chain.penalty = WeightPenalty(strength: 0.1, of: chain.chain)
    let objective = ChainObjective(chain, input: models[1].input, target: models[1].target)
    #expect(try objective.uses.filter(\.isLossTerm).allSatisfy(objective.reaches))
    let witnessed = try WitnessedObjective(accused: models[0], witness: models[0])
    #expect(try witnessed.uses.filter(witnessed.reaches).count == 2)
  }
}
