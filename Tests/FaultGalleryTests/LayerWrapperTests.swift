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
}
