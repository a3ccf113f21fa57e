import CheckReport
import GSLKit
import Testing
import TiedLayers
import TiedModels

struct SummaryTableTests {
  private func summary(_ chain: Chain<Double>, width: Int) throws -> ModelSummary {
    try ModelSummary(chain, input: Matrix(rows: 1, columns: width))
  }

  @Test func whatIsSharedCountsOnce() throws {
    let chain: Chain<Double> = try Models.originalPair(
      biasShared: true, random: RandomSource(seed: 1))
    #expect(
      SummaryTable.text(try summary(chain, width: 5)) == """
        Layer             Type   Output shape  Parameters  Shares with
        ===================================================================
        dense             Dense  (batch, 5)            30  transposed_dense
        transposed_dense  Dense  (batch, 5)            30  dense
        ===================================================================
        Total parameters: 30 (60 added over the layers; what is shared counts once)

        """)
  }

  @Test func aLayerThatUsesAKernelTwiceSharesItWithItself() throws {
    let kernel = Kernel<Double>("W", RandomSource(seed: 1).matrix(rows: 2, columns: 3))
    let chain = Chain<Double>([Siamese("towers", kernel: kernel)])
    let lines = SummaryTable.text(try summary(chain, width: 4)).split(separator: "\n")
    #expect(lines[2] == "towers  Siamese  (batch, 6)             6  itself")
  }

  @Test func withoutSharingThereIsOneTotal() throws {
    let chain: Chain<Double> = try Models.autoencoder(
      features: 6, hidden: [4], tied: false, random: RandomSource(seed: 1))
    let text = SummaryTable.text(try summary(chain, width: 6))
    #expect(text.hasSuffix("Total parameters: 58\n"))
    #expect(text.contains("encoder  Dense (tanh)     (batch, 4)            28  -"))
  }
}
