import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

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

  /// V and W of a linear untied autoencoder after training with L2 decay.
  /// - Parameters:
  ///   - penalised: the layers whose kernels decay.
  ///   - factor: what the decoder's path is multiplied by, as a wrong backward pass would.
  private func trained(
    _ seed: UInt64, penalised: Range<Int> = 0..<2, decoderTimes factor: Double = 1
  ) throws -> (v: Matrix<Double>, w: Matrix<Double>) {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.autoencoder(
      features: 5, hidden: [3], tied: false, activation: .identity, outputActivation: .identity,
      random: random)
    let network = Network(
      chain, loss: .meanSquaredError,
      penalty: WeightPenalty(strength: 0.04, of: Chain(Array(chain.layers[penalised]))))
    let data: Matrix<Double> = random.matrix(rows: 8, columns: 5, -1, 1)
    let optimizer = SGD(learningRate: 0.5)
    let (w, v) = (chain.layers[0].kernels[0].parameter, chain.layers[1].kernels[0].parameter)
    for _ in 0..<3000 {
      let byLayer = try network.gradientsByLayer(data, target: data)
      let gradients = chain.parameters.map { parameter in
        var sum = [Double](repeating: 0, count: parameter.count)
        for (l, layer) in byLayer.enumerated() {
          guard let part = layer[parameter]?.elements else { continue }
          let scale = l == 1 && parameter === v ? factor : 1
          for i in sum.indices { sum[i] += scale * part[i] }
        }
        return sum
      }
      try optimizer.step(chain.parameters, gradients)
    }
    return (v.values, w.values)
  }

  /// |V - c Wᵀ| / |W|.
  private func distance(_ pair: (v: Matrix<Double>, w: Matrix<Double>), times c: Double) throws
    -> Double
  {
    var difference = pair.v
    try difference.add(pair.w.transposed, scaledBy: -c)
    // At zero they would be transposes of each other whatever happened.
    #expect(euclideanNorm(pair.w.elements) > 0.5)
    return euclideanNorm(difference.elements) / euclideanNorm(pair.w.elements)
  }

  /// Kunin et al., arXiv 1901.08168, the transpose theorem: where the training of a linear autoencoder
  /// with L2 regularisation of both kernels stops, the decoder is the transpose of the encoder. Nobody
  /// tied them. It is a witness that knows no finite difference: where the decoder's path is a times
  /// the right one, training stops at V = sqrt(a) Wᵀ.
  @Test(arguments: 1...2 as ClosedRange<UInt64>)
  func aLinearUntiedAutoencoderTiesItself(seed: UInt64) throws {
    #expect(try distance(trained(seed), times: 1) < 1e-6)
    #expect(try distance(trained(seed, penalised: 0..<1), times: 1) > 0.5)
    let scaled = try trained(seed, decoderTimes: 0.7)
    #expect(try distance(scaled, times: 1) > 0.1)
    #expect(try distance(scaled, times: 0.7.squareRoot()) < 1e-6)
  }

  @Test func aModelFileCannotHoldIt() throws {
    let file = ModelFile(network: try network(), input: input, target: input)
    let error = #expect(throws: ModelFileError.self) { try file.json() }
    #expect(error?.description.contains("weight_penalty") == true)
  }
}
