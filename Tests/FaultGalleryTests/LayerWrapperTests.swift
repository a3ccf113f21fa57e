import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct LayerWrapperTests {
  /// Rebinding a wrong twin rebinds the right layer in it: its untied twin shares nothing with it.
  @Test(
    arguments: [
      "detached-copy", "decoder-path-lost", "bias-twice", "scale-forward-only", "phantom-kernel",
    ])
  func aWrapperIsReboundLikeTheLayerInIt(id: String) throws {
    let fault = try #require(FaultCatalogue.fault(id))
    let right = try Setting.all[0].right(1)
    let wrong = try fault.wrong(right.network).chain
    let wrapper = try #require(wrong.layers[1] as? any LayerWrapper<Double>)
    #expect(wrapper.name == right.network.chain.layers[1].name)
    #expect(wrapper.kernels[0].parameter === wrapper.layer.kernels[0].parameter)
    let twin = try #require(wrong.untied().layers[1] as? any LayerWrapper<Double>)
    for (own, old) in zip(twin.kernels, wrapper.kernels) {
      #expect(own.parameter !== old.parameter)
    }
    #expect(twin.biases[0] !== wrapper.biases[0])
    #expect(twin.layer.kernels[0].parameter === twin.kernels[0].parameter)
    #expect(twin.layer.biases[0] === twin.biases[0])
  }

  /// What the batch reaches is a matter of the right layer: a wrong twin has no say in it.
  @Test func aWrapperReachesWhatTheLayerInItDoes() throws {
    let right = try GalleryModel.named("recurrent").make(1)
    let wrong = try ImmediateOnly().wrong(right.network).chain.layers[0]
    #expect(wrong is any PlainLayerWrapper<Double>)
    var input = right.input
    for i in 0..<input.rows { input[i, input.columns - 1] = 1 }
    let layer = right.network.chain.layers[0]
    for slot in layer.slots {
      let reached = try layer.reaches(slot: slot.index, at: input)
      #expect(reached == (slot.name.hasSuffix(" 1")), "\(slot.name)")
      #expect(try wrong.reaches(slot: slot.index, at: input) == reached, "\(slot.name)")
    }
  }
}
