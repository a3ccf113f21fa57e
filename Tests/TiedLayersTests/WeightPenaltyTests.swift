import GSLKit
import Testing
import TiedLayers

struct WeightPenaltyTests {
  private func network() throws -> Network<Double> {
    let chain: Chain<Double> = try Models.autoencoder(
      features: 3, hidden: [2], tied: true, random: RandomSource(seed: 1))
    return Network(
      chain, loss: .meanSquaredError, penalty: WeightPenalty(strength: 0.3, of: chain))
  }

  private let input: Matrix<Double> = RandomSource(seed: 2).matrix(rows: 4, columns: 3)

  @Test func aSharedKernelIsCountedOnceAndBiasesNotAtAll() throws {
    let network = try network()
    let kernel = network.chain.parameters[0]
    let squares = kernel.flat.reduce(0) { $0 + $1 * $1 }
    #expect(network.penalty!.parameters.map(\.name) == ["W"])
    #expect(abs(Double(network.penalty!.value()) - 0.15 * squares) < 1e-15)
    let plain = Network(network.chain, loss: .meanSquaredError)
    let difference =
      try network.value(input, target: input) - plain.value(input, target: input)
    #expect(abs(difference - 0.15 * squares) < 1e-15)
  }

  @Test func itsGradientIsOneMoreContribution() throws {
    let network = try network()
    let plain = Network(network.chain, loss: .meanSquaredError)
    let kernel = network.chain.parameters[0]
    let whole = try network.gradients(input, target: input)[kernel]!
    let data = try plain.gradients(input, target: input)[kernel]!
    for i in whole.elements.indices {
      #expect(abs(whole.elements[i] - data.elements[i] - 0.3 * kernel[i]) < 1e-15)
    }
    let byLayer = try network.gradientsByLayer(input, target: input)
    #expect(byLayer.count == 3)
    #expect(byLayer[2].parameters.map(\.name) == ["W"])
  }

  @Test func aModelFileCannotHoldIt() throws {
    let file = ModelFile(network: try network(), input: input, target: input)
    let error = #expect(throws: ModelFileError.self) { try file.json() }
    #expect(error?.description.contains("weight_penalty") == true)
  }
}
