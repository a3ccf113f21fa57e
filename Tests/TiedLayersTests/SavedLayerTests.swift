import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

/// Everything that a layer can write down, in one that computes nothing.
private struct Record<S: Scalar>: SavedLayer {
  let name: String
  var kernels: [Kernel<S>]
  var biases: [Parameter<S>]
  var scale: S = 1
  var isCausal = false
  var function = ElementwiseFunction.identity

  func forward(_ input: Matrix<S>) throws -> Matrix<S> { input }
  func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> { cotangent }

  static var fileType: String { "record" }
  func write(to entry: inout LayerWriter<S>) {
    entry.whole(kernels.count, as: "steps")
    entry.kernels(kernels, as: "kernel")
    entry.biases(biases)
    entry.number(scale, as: "scale")
    entry.flag(isCausal, as: "causal")
    entry.choice(function, as: "activation")
  }
  static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    let steps = try entry.whole("steps", in: 1...5)
    return Record<T>(
      name: entry.name, kernels: try entry.kernels("kernel", count: steps),
      biases: try entry.biases(count: steps), scale: try entry.number("scale", default: 1),
      isCausal: try entry.flag("causal"),
      function: try entry.choice("activation", default: .identity))
  }
}

@Suite("SavedLayer")
struct SavedLayerTests {
  private let w = Kernel("W", Matrix<Double>(rows: 2, columns: 2, repeating: 0.1))
  private let v = Kernel("V", Matrix<Double>(rows: 2, columns: 2, repeating: 0.2))
  private let b = Parameter("b", [0.3, 0.4])
  private let c = Parameter("c", [0.5, 0.6])

  private func file(_ layer: Record<Double>) throws -> Data {
    try ModelFile(
      network: Network(Chain([layer]), loss: .meanSquaredError),
      input: Matrix(rows: 1, columns: 2), target: Matrix(rows: 1, columns: 2)
    ).json()
  }

  private func read(_ json: Data) throws -> Record<Double> {
    let file = try ModelFile<Double>(json: json, kinds: [Record<Double>.self])
    return try #require(file.network.chain.layers[0] as? Record<Double>)
  }

  @Test("uses that are the same are written once, others one by one; all come back")
  func uses() throws {
    for (kernels, biases) in [
      ([w, w, w], [b, b, b]), ([w, w.transposed, w], [b, c, b]), ([w, v, w.transposed], []),
      ([w.transposed], [b]),
    ] {
      let layer = Record(
        name: "r", kernels: kernels, biases: biases, scale: 0.1, isCausal: true, function: .tanh)
      let json = try file(layer)
      let again = try read(json)
      #expect(again.slots.map(\.parameter.name) == layer.slots.map(\.parameter.name))
      #expect(again.slots.map(\.isTransposed) == layer.slots.map(\.isTransposed))
      #expect(again.slots.map(\.occurrence) == layer.slots.map(\.occurrence))
      #expect(again.scale == 0.1 && again.isCausal && again.function == .tanh)
      #expect(try file(again) == json)
    }
    let text = String(
      decoding: try file(Record(name: "r", kernels: [w, w], biases: [b, b])), as: UTF8.self)
    #expect(text.contains(#""kernel":"W","name":"r","scale":1,"steps":2,"transposed":false"#))
  }

  @Test("in another precision a layer of one's own is still bound as it was")
  func converted() throws {
    let layer = Record(name: "r", kernels: [w, w.transposed, v], biases: [b, b, c], scale: 0.1)
    let single: Chain<Float> = try Chain<Double>([layer]).converted()
    let again = try #require(single.layers[0] as? Record<Float>)
    #expect(again.slots.map(\.parameter.name) == ["W", "W", "V", "b", "b", "c"])
    #expect(again.kernels[0].parameter === again.kernels[1].parameter)
    #expect(again.scale == Float(0.1))
  }

  @Test(
    "what cannot be read is refused in a sentence",
    arguments: [
      (
        "\"steps\":2", "\"steps\":9",
        "layer 1 (\"r\") has the steps 9; expected a whole number from"
      ),
      ("\"steps\":2", "\"steps\":1.5", "layers[0].steps is not of the expected kind"),
      ("\"steps\":2,", "", "\"steps\" is missing at layers[0]"),
      (
        "\"steps\":2", "\"steps\":3",
        "lists 2 uses of its kernel, 2 of them turned or not; expected 3"
      ),
      ("[\"b\",\"c\"]", "[\"b\"]", "lists 1 uses of its bias; expected 2"),
      ("[\"b\",\"c\"]", "[\"b\",7]", "layers[0].bias is not of the expected kind: expected a name"),
      ("[\"b\",\"c\"]", "[\"b\",\"W\"]", "uses \"W\" as its bias"),
      ("[\"W\",\"W\"]", "[\"W\",\"X\"]", "names the kernel \"X\""),
      (
        "[false,true]", "[false,1]",
        "transposed is not of the expected kind: expected true or false"
      ),
      (
        "\"scale\":1", "\"scale\":\"1\"",
        "scale is not of the expected kind: expected a finite number"
      ),
      ("\"causal\":false", "\"causal\":0", "causal is not of the expected kind: expected true or"),
      ("\"identity\"", "\"identty\"", "has the activation \"identty\"; expected one of"),
      ("\"identity\"", "1", "activation is not of the expected kind: expected a word"),
    ])
  func refused(old: String, new: String, words: String) throws {
    let json = String(
      decoding: try file(Record(name: "r", kernels: [w, w.transposed], biases: [b, c])),
      as: UTF8.self)
    #expect(json.contains(old), "\(json)")
    let error = #expect(throws: ModelFileError.self) {
      try read(Data(json.replacing(old, with: new).utf8))
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
