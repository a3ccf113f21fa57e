import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

@Suite("ModelSummary")
struct ModelSummaryTests {
  private func original(biasShared: Bool) throws -> ModelSummary {
    try ModelSummary(
      Models.originalPair(biasShared: biasShared, random: RandomSource(seed: 1), as: Double.self),
      input: Matrix(rows: 1, columns: 5))
  }

  @Test("the original pair with a shared bias: 30 and 30, in total 30, each sharing with the other")
  func sharedBias() throws {
    let summary = try original(biasShared: true)
    #expect(summary.layers.map(\.name) == ["dense", "transposed_dense"])
    #expect(summary.layers.map(\.parameters) == [30, 30])
    #expect(summary.layers.map(\.sharesWith) == [["transposed_dense"], ["dense"]])
    #expect(summary.layers.map(\.outputText) == ["(batch, 5)", "(batch, 5)"])
    #expect(summary.totalParameters == 30)
    #expect(summary.sumOverLayers == 60)
  }

  @Test("with a bias of its own the second layer adds 5")
  func ownBias() throws {
    let summary = try original(biasShared: false)
    #expect(summary.layers.map(\.parameters) == [30, 30])
    #expect(summary.totalParameters == 35)
    #expect(summary.sumOverLayers == 60)
  }

  @Test("a deep tied model shares in pairs; its untied twin shares nothing")
  func deep() throws {
    let model = try Golden.named("deep-tied-8-5-3").model()
    let summary = try ModelSummary(model.network.chain, input: model.input)
    #expect(
      summary.layers.map(\.sharesWith) == [["layer4"], ["layer3"], ["layer2"], ["layer1"]])
    #expect(summary.layers.map(\.outputShape) == [[5], [3], [5], [8]])
    #expect(summary.layers.map(\.type).last == "Dense (sigmoid)")
    #expect(summary.totalParameters == 40 + 15 + 5 + 3 + 5 + 8)
    #expect(summary.sumOverLayers == summary.totalParameters + 40 + 15)

    let twin = try ModelSummary(model.network.chain.untied(), input: model.input)
    #expect(twin.layers.allSatisfy { $0.sharesWith.isEmpty })
    #expect(twin.totalParameters == twin.sumOverLayers)
  }

  @Test("a layer that uses a Parameter several times shares it with itself; an untied one does not")
  func withinALayer() throws {
    for name in ["recurrent", "siamese", "attention"] {
      let model = try #require(Models.named(name))
      let choices = model.smallSizes[0]
      let random = RandomSource(seed: 1)
      let chain: Chain<Double> = try model.chain(choices, random: random)
      let samples = Samples(random.matrix(rows: choices.batch, columns: choices.features))
      let input = try model.batch(samples, choices, random: random).input
      let summary = try ModelSummary(chain, input: input)
      let first = summary.layers[0]
      #expect(first.sharesWith == [first.name] && first.sharesText() == "itself", "\(name)")
      #expect(summary.totalParameters == summary.sumOverLayers)
      let twin = try ModelSummary(chain.untied(), input: input)
      #expect(twin.layers.allSatisfy { $0.sharesWith.isEmpty && $0.sharesText() == "-" })
    }
  }

  @Test("what is shared with itself and with others is said of both, names as they are shown")
  func shared() {
    let row = ModelSummary.Row(
      name: "b", type: "Dense", outputShape: [1], parameters: 1, sharesWith: ["a", "b", "c"])
    #expect(row.sharesText() == "a, itself, c")
    #expect(row.sharesText { "<\($0)>" } == "<a>, itself, <c>")
  }

  @Test("images and signals keep their shape")
  func images() throws {
    func shapes(_ image: ImageShape, _ size: Extent) throws -> [String] {
      let chain = try Models.convolutionalAutoencoder(
        image: image, channels: [4], size: size, random: RandomSource(seed: 1), as: Double.self)
      return try ModelSummary(chain, input: Matrix(rows: 1, columns: image.count)).layers
        .map(\.outputText)
    }
    #expect(
      try shapes(ImageShape(height: 8, width: 6), Extent(3)) == [
        "(batch, 6, 4, 4)", "(batch, 8, 6, 1)",
      ])
    #expect(
      try shapes(ImageShape(length: 9, channels: 2), Extent(height: 1, width: 3)) == [
        "(batch, 7, 4)", "(batch, 9, 2)",
      ])
  }

  @Test("it is written with the names that results have, the batch as null, and reads back")
  func json() throws {
    let summary = try original(biasShared: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let data = try encoder.encode(summary)
    #expect(
      String(decoding: data, as: UTF8.self)
        == #"{"layers":[{"name":"dense","output_shape":[null,5],"parameters":30,"#
        + #""shares_with":["transposed_dense"],"type":"Dense"},"#
        + #"{"name":"transposed_dense","output_shape":[null,5],"parameters":30,"#
        + #""shares_with":["dense"],"type":"Dense"}],"sum_over_layers":60,"total_parameters":30}"#)
    #expect(try JSONDecoder().decode(ModelSummary.self, from: data) == summary)
  }

  @Test("layers that do not fit together are an error")
  func mismatch() {
    let kernel = Kernel("W", Matrix<Double>(rows: 4, columns: 3))
    let chain = Chain<Double>([Dense("a", kernel: kernel), Dense("b", kernel: kernel)])
    #expect(throws: ShapeMismatch.self) {
      try ModelSummary(chain, input: Matrix(rows: 1, columns: 4))
    }
  }
}
