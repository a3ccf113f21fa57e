import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct ObjectiveTests {
  @Test func aChangedElementIsPutBackBitForBit() throws {
    let objective = try autoencoder(1)
    let parameter = objective.parameters[0]
    parameter[3] = -0.0
    let before = bits(objective.parameters)
    let value = try objective.value()
    #expect(try objective.value(changing: parameter, entry: 3, to: 0.5) != value)
    #expect(bits(objective.parameters) == before)
    let failing = ClosureObjective(
      [Parameter("x", [-0.0])], loss: { _ in throw Interruption() }, gradient: { _ in [] })
    #expect(throws: Interruption.self) {
      try failing.value(changing: failing.parameters[0], entry: 0, to: 1)
    }
    #expect(failing.parameters[0][0].sign == .minus)
  }

  @Test func aFunctionObjectiveSeesItsPresentPoint() throws {
    let objective = FunctionObjective(
      at: [1, 2], named: "weights", loss: { $0[0] * $0[1] }, gradient: { [$0[1], $0[0]] })
    #expect(try objective.value() == 2)
    objective.parameters[0][1] = 5
    #expect(try objective.value() == 5)
    #expect(try objective.gradients() == [[5, 1]])
    #expect(objective.parameters[0].name == "weights")
  }

  @Test func usesAreListedOncePerLayerAndParameter() throws {
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
      let path = try objective.pathFunction(layer: layer)
      let kernel = objective.network.chain.layers[layer].kernels[0]
      func moved(_ entry: Int, _ point: Double) throws -> Double {
        let saved = kernel.parameter[entry]
        return try path(
          { kernel.parameter[entry] = point }, { kernel.parameter[entry] = saved })
      }
      let own = kernel.parameter.copy(named: "own")
      let rebound = ChainObjective(
        objective.network, input: objective.input, target: objective.target)
      rebound.network.chain.layers[layer].kernels = [kernel.rebound(to: own)]
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

  @Test func contributionsOfTheLayersAddUpToTheGradient() throws {
    let objective = try autoencoder(5, features: 5, hidden: [4, 3])
    let (whole, byLayer) = (try objective.gradients(), try objective.gradientsByLayer())
    for p in objective.parameters.indices {
      var sum = [Double](repeating: 0, count: objective.parameters[p].count)
      for layer in byLayer {
        if let contribution = layer[p] { sum = zip(sum, contribution).map { $0 + $1 } }
      }
      #expect(relativeDifference(sum, whole[p]!) < 1e-13)
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

  @Test func transposingTwiceIsNothing() {
    let values = [1.0, 2, 3, 4, 5, 6]
    #expect(transposed(values, rows: 2, columns: 3) == [1, 4, 2, 5, 3, 6])
    #expect(transposed(transposed(values, rows: 2, columns: 3), rows: 3, columns: 2) == values)
  }
}
