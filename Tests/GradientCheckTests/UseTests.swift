import Testing
import TiedLayers

@testable import GradientCheck

struct UseTests {
  private func use(slotName: String, isRepeated: Bool) -> Use {
    Use(
      layer: 1, layerName: "rnn", slot: 2, slotName: slotName, isRepeated: isRepeated, parameter: 0,
      isTransposed: false)
  }

  @Test func aUseIsCalledByItsLayerAndWhereThatDoesNotDoByItsSlotToo() {
    #expect(use(slotName: "step 3", isRepeated: false).name == "rnn")
    #expect(use(slotName: "step 3", isRepeated: true).name == "rnn step 3")
    #expect(use(slotName: "", isRepeated: true).name == "rnn")
    #expect(use(slotName: "step 3", isRepeated: false).detail == nil)
  }

  @Test func aUseAnswersToItsLayerAndToItsFullName() {
    let use = use(slotName: "step 3", isRepeated: false)
    #expect(use.isCalled("rnn") && use.isCalled("rnn step 3"))
    #expect(!use.isCalled("step 3") && !use.isCalled("rnn step 2"))
  }
}
