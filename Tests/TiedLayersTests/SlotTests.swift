import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Slot")
struct SlotTests {
  private let w = Kernel("W", Matrix<Double>(rows: 2, columns: 2))
  private let v = Kernel("V", Matrix<Double>(rows: 2, columns: 2))
  private let b = Parameter("b", [0.0, 0])

  private var layer: Uses {
    Uses(name: "layer", kernels: [w, v, w.transposed], biases: [b, b])
  }

  @Test("a layer has one slot for each use, kernels first")
  func slots() {
    let slots = layer.slots
    #expect(slots.map(\.index) == [0, 1, 2, 3, 4])
    #expect(slots.map(\.parameter.name) == ["W", "V", "W", "b", "b"])
    #expect(slots.map(\.isTransposed) == [false, false, true, false, false])
    #expect(slots.map(\.occurrence) == [0, 0, 1, 0, 1])
    #expect(slots.map(\.isRepeated) == [true, false, true, true, true])
    #expect(slots.map(\.name) == ["use 1", "use 2", "use 3", "bias 1", "bias 2"])
  }

  @Test("rebinding a slot leaves the others, and the orientation, as they are")
  func rebinding() {
    for slot in 0..<5 {
      var twin = layer
      let own = slot < 3 ? w.parameter.copy(named: "own") : b.copy(named: "own")
      twin.rebind(slot: slot, to: own)
      for (old, new) in zip(layer.slots, twin.slots) {
        #expect(new.parameter === (new.index == slot ? own : old.parameter))
        #expect(new.isTransposed == old.isTransposed)
      }
    }
  }

  @Test("the untied twin names each Parameter after its slot where the layer uses it again")
  func untied() {
    let twin = Chain<Double>([layer]).untied()
    #expect(names(twin.parameters) == ["W", "V", "W_layer_use_3", "b", "b_layer_bias_2"])
    #expect(twin.layers[0].slots.allSatisfy { !$0.isRepeated && !$0.isTransposed })
  }
}

private struct Uses: Layer {
  typealias S = Double
  let name: String
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>]

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { input }
  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> { cotangent }
}
