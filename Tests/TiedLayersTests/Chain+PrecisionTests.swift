import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

struct ChainPrecisionTests {
  @Test func whatWasSharedStillIs() throws {
    let chain: Chain<Double> = try Models.autoencoder(
      features: 4, hidden: [3, 2], tied: true, random: RandomSource(seed: 1))
    let single: Chain<Float> = try chain.converted()
    #expect(single.parameters.map(\.name) == chain.parameters.map(\.name))
    for (a, b) in zip(single.parameters, chain.parameters) {
      #expect(a.flat == b.flat.map { Double(Float($0)) })
      #expect(a.shape == b.shape)
    }
    #expect(single.layers.map(\.kind) == chain.layers.map(\.kind))
    // There and back the values are rounded once.
    let back: Chain<Double> = try single.converted()
    #expect(back.parameters.map(\.flat) == single.parameters.map(\.flat))
  }
}
