import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

struct NetworkSamplesTests {
  private func check(_ loss: Loss, _ output: ElementwiseFunction) throws {
    let random = RandomSource(seed: 4)
    let chain: Chain<Double> = try Models.autoencoder(
      features: 4, hidden: [3], tied: true, outputActivation: output, random: random)
    let network = Network(chain, loss: loss)
    let input: Matrix<Double> = random.matrix(rows: 5, columns: 4)
    let target: Matrix<Double> = random.matrix(rows: 5, columns: 4)

    let values = try network.sampleValues(input, target: target)
    #expect(abs(values.reduce(0, +) - (try network.value(input, target: target))) < 1e-14)

    let bySample = try network.sampleGradients(input, target: target)
    let whole = try network.gradients(input, target: target)
    #expect(bySample.count == 5)
    for parameter in chain.parameters {
      for i in 0..<parameter.count {
        let shares = bySample.map { $0[parameter]!.elements[i] }
        #expect(abs(shares.reduce(0, +) - whole[parameter]!.elements[i]) < 1e-14)
        // Each sample by itself against a central difference of its own loss.
        let saved = parameter[i]
        parameter[i] = saved + 1e-5
        let above = try network.sampleValues(input, target: target)
        parameter[i] = saved - 1e-5
        let below = try network.sampleValues(input, target: target)
        parameter[i] = saved
        for s in 0..<5 {
          #expect(abs((above[s] - below[s]) / 2e-5 - shares[s]) < 1e-9)
        }
      }
    }
  }

  @Test func theSharesOfTheSamplesAddUpAndEachIsRight() throws {
    try check(.meanSquaredError, .identity)
    try check(.binaryCrossEntropy, .sigmoid)
    try check(.softmaxCrossEntropy, .identity)
  }
}
