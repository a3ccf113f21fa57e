import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("ModelFile")
struct ModelFileTests {
  // MARK: Reading and writing

  @Test("two layers that name one kernel hold the same Parameter", arguments: Golden.all)
  func ties(golden: Golden) throws {
    let model = try golden.model()
    var byName: [String: Parameter<Double>] = [:]
    for kernel in model.network.chain.layers.flatMap({ $0.kernels }) {
      let known = byName[kernel.parameter.name] ?? kernel.parameter
      #expect(known === kernel.parameter)
      byName[kernel.parameter.name] = known
    }
    #expect(byName.count < model.network.chain.layers.count || golden.name.hasPrefix("untied"))
  }

  private func checkRoundTrip<S: Scalar>(_ golden: Golden, _ type: S.Type) throws {
    let model = try ModelFile<S>(json: golden.json)
    let bytes = try model.json()
    let again = try ModelFile<S>(json: bytes)
    #expect(try again.json() == bytes)
    #expect(again.input == model.input)
    #expect(again.target == model.target)
    #expect(again.network.loss == model.network.loss)
    let (old, new) = (model.network.chain, again.network.chain)
    #expect(new.layers.map(\.name) == old.layers.map(\.name))
    #expect(new.layers.map(\.kind) == old.layers.map(\.kind))
    #expect(names(new.parameters) == names(old.parameters))
    for (a, b) in zip(new.parameters, old.parameters) {
      #expect(a !== b)
      #expect(a.shape == b.shape)
      #expect(a.values == b.values)
    }
    // The same ties: wherever two uses were one Parameter they are again.
    func uses(_ chain: Chain<S>) -> [[Int]] {
      chain.layers.map { layer in
        (layer.kernels.map(\.parameter) + layer.biases).map { use in
          chain.parameters.firstIndex { $0 === use } ?? -1
        }
      }
    }
    #expect(uses(new) == uses(old))
    #expect(
      new.layers.map { $0.kernels.map(\.isTransposed) }
        == old.layers.map { $0.kernels.map(\.isTransposed) })
  }

  @Test(
    "saving and loading keeps numbers, ties and bytes, in Double and Float",
    arguments: Golden.all)
  func roundTrip(golden: Golden) throws {
    try checkRoundTrip(golden, Double.self)
    try checkRoundTrip(golden, Float.self)
  }

  @Test("numbers survive to the last bit")
  func exactNumbers() throws {
    let values = [0.1, 1.0 / 3, .leastNonzeroMagnitude, 1.7976931348623157e308, -0.0, 1 + 0x1p-52]
    let kernel = Kernel("W", try Matrix([values]))
    let model = ModelFile(
      network: Network(Chain([Dense("d", kernel: kernel)]), loss: .meanSquaredError),
      input: try Matrix([[1.0]]), target: Matrix(rows: 1, columns: 6))
    let loaded = try ModelFile<Double>(json: model.json())
    #expect(
      loaded.network.chain.parameters[0].flat.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("a shared bias stays shared, and a kernel of one row is not taken for a bias")
  func sharedBias() throws {
    let seed = try Golden.named("seed-shared-bias-5x5").model()
    let again = try ModelFile<Double>(json: seed.json()).network.chain
    #expect(again.layers[0].biases[0] === again.layers[1].biases[0])

    let row = ModelFile(
      network: Network(
        Chain<Double>([Dense("d", kernel: Kernel("W", try Matrix([[1, 2]])))]),
        loss: .meanSquaredError),
      input: try Matrix([[1]]), target: try Matrix([[0, 0]]))
    #expect(try ModelFile<Double>(json: row.json()).network.chain.parameters[0].shape == [1, 2])
  }

  @Test("fixed rows are fixed in the loaded model, and in another precision")
  func fixedRows() throws {
    let table = Parameter(
      "E", Matrix<Double>(rows: 3, columns: 2, repeating: 0.5), fixedRows: [0, 2])
    let model = ModelFile(
      network: Network(Chain([Dense("d", kernel: Kernel(table))]), loss: .meanSquaredError),
      input: Matrix(rows: 1, columns: 3), target: Matrix(rows: 1, columns: 2))
    let json = try model.json()
    #expect(String(decoding: json, as: UTF8.self).contains(#""fixed_rows":{"E":[0,2]}"#))
    let again = try ModelFile<Float>(json: json)
    #expect(again.network.chain.parameters[0].fixedRows == [0, 2])
    let single: Chain<Float> = try model.network.chain.converted()
    #expect(single.parameters[0].fixedRows == [0, 2])
  }

  @Test("names, activation, orientation and bias may be left out")
  func defaults() throws {
    let model = try ModelFile<Double>(
      json: Data(
        #"{"layers": [{"type": "dense", "kernel": "W"}], "loss": "mean_squared_error","#.utf8)
        + Data(#""input": [[1]], "target": [[2, 3]], "parameters": {"W": [[4, 5]]}}"#.utf8))
    let layer = try #require(model.network.chain.layers[0] as? Dense<Double>)
    #expect(layer.name == "layer1")
    #expect(layer.activation == .identity)
    #expect(!layer.kernel.isTransposed)
    #expect(layer.bias == nil)
  }

  // MARK: What cannot be written

  /// A layer that does not say how it is saved.
  private struct Through: Layer {
    typealias S = Double
    let name = "through"
    var kernels: [Kernel<Double>] = []
    var biases: [Parameter<Double>] = []
    func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { input }
    func backward(
      _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
    ) throws -> Matrix<Double> { cotangent }
  }

  @Test("a model whose loading would tie what is not tied, or lose something, is not written")
  func unwritable() throws {
    func sentence(_ layers: [any Layer<Double>], input: Double = 1) -> String? {
      let model = ModelFile(
        network: Network(Chain(layers), loss: .meanSquaredError),
        input: Matrix(rows: 1, columns: 1, repeating: input),
        target: Matrix(rows: 1, columns: 1))
      return #expect(throws: ModelFileError.self) { try model.json() }?.description
    }
    let kernel = Kernel("W", Matrix<Double>(rows: 1, columns: 1, repeating: 2))
    let copy = Kernel(kernel.parameter.copy(named: "W"))
    #expect(
      sentence([Dense("a", kernel: kernel), Dense("b", kernel: copy)])
        == "two parameters are called \"W\"; loaded again they would be tied. "
        + "Give each a name of its own.")
    #expect(
      sentence([Through()])
        == "layer \"through\" (Through) cannot be saved: its kind is not a SavedLayer.")
    #expect(
      sentence([Dense("a", kernel: kernel)], input: .nan)
        == "\"input\" holds nan, which JSON cannot hold; only finite numbers can be saved.")
    kernel[0, 0] = -.infinity
    #expect(
      sentence([Dense("a", kernel: kernel)])
        == "\"W\" holds -inf, which JSON cannot hold; only finite numbers can be saved.")
  }

  // MARK: Malformed files

  struct Malformed: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Replaced in the well-formed file below, and by what.
    let original: String
    let replacement: String
    /// What the sentence must say.
    let says: [String]

    init(_ what: String, _ original: String, _ replacement: String, says: String...) {
      testDescription = what
      self.original = original
      self.replacement = replacement
      self.says = says
    }
  }

  static let wellFormed = #"""
    {"layers": [
       {"name": "enc", "type": "dense", "kernel": "W", "transposed": false, "bias": "b",
        "activation": "tanh"},
       {"name": "dec", "type": "dense", "kernel": "W", "transposed": true, "bias": "c",
        "activation": "identity"}],
     "loss": "mean_squared_error",
     "input": [[1, 2, 3], [4, 5, 6]],
     "target": [[1, 2, 3], [4, 5, 7]],
     "parameters": {"W": [[1, 2], [3, 4], [5, 6]], "b": [1, 2], "c": [1, 2, 3]}}
    """#

  static let malformed = [
    Malformed("not JSON", "{\"layers\"", "layers", says: "it is not JSON"),
    Malformed("a NaN literal", "[[1, 2, 3], [4, 5, 6]]", "[[1, NaN, 3]]", says: "it is not JSON"),
    Malformed("a missing key", "\"loss\"", "\"los\"", says: "\"loss\" is missing at the top level"),
    Malformed(
      "a missing key of a layer", "\"type\": \"dense\", \"kernel\": \"W\", \"transposed\": true",
      "\"type\": \"dense\", \"transposed\": true", says: "\"kernel\" is missing at layers[1]"),
    Malformed("text for a number", "[4, 5, 7]", "[4, \"5\", 7]", says: "target[1][1]", "kind"),
    Malformed("null for a number", "[4, 5, 7]", "[4, null, 7]", says: "target[1][1]", "kind"),
    Malformed(
      "a list for a file", wellFormed, "[1, 2]", says: "the top level is not of the expected kind"),
    Malformed(
      "no layers", "\"layers\": [", "\"layers\": [], \"old\": [", says: "at least one layer"),
    Malformed(
      "an unknown activation", "\"tanh\"", "\"tan\"", says: "layer 1 (\"enc\")", "\"tan\"",
      "\"identity\", \"tanh\", \"sigmoid\", \"relu\", \"softplus\""),
    Malformed(
      "an unknown loss", "\"mean_squared_error\"", "\"mse\"", says: "\"loss\" is \"mse\"",
      "\"mean_squared_error\", \"binary_cross_entropy\", \"softmax_cross_entropy\", \"contrastive\""
    ),
    Malformed(
      "an unknown type", "\"name\": \"dec\", \"type\": \"dense\"",
      "\"name\": \"dec\", \"type\": \"dence\"",
      says: "layer 2 (\"dec\") has type \"dence\"; expected one of \"dense\""),
    Malformed(
      "a layer without a type", "\"name\": \"dec\", \"type\"", "\"name\": \"dec\", \"tipe\"",
      says: "\"type\" is missing at layers[1], layer 2 (\"dec\")"),
    Malformed(
      "a number for a name", "\"bias\": \"c\"", "\"bias\": 3",
      says: "layers[1].bias is not of the expected kind: expected a name"),
    Malformed(
      "a word for a flag", "\"transposed\": true", "\"transposed\": \"yes\"",
      says: "layers[1].transposed is not of the expected kind: expected true or false"),
    Malformed(
      "a fixed row that is not there", "\"parameters\"",
      "\"fixed_rows\": {\"W\": [3]}, \"parameters\"",
      says: "\"fixed_rows\" names row 3 of \"W\", which has the rows 0 to 2"),
    Malformed(
      "fixed rows of a bias", "\"parameters\"", "\"fixed_rows\": {\"b\": [0]}, \"parameters\"",
      says: "\"fixed_rows\" names \"b\", which is not a matrix"),
    Malformed(
      "a ragged batch", "[4, 5, 6]]", "[4, 5]]",
      says: "\"input\" is ragged: row 2 has 2 numbers, row 1 has 3"),
    Malformed(
      "a ragged kernel", "[3, 4], [5, 6]]", "[3], [5, 6]]",
      says: "\"W\" is ragged: row 2 has 1 numbers, row 1 has 2"),
    Malformed("an empty batch", "[[1, 2, 3], [4, 5, 6]]", "[]", says: "\"input\" is empty"),
    Malformed("an empty bias", "\"b\": [1, 2]", "\"b\": []", says: "\"b\" is empty"),
    Malformed(
      "layers that do not chain", "\"transposed\": true", "\"transposed\": false",
      says: "layer 2 (\"dec\") takes 3 inputs (kernel \"W\" is 3 x 2), but is given 2",
      "Is \"transposed\" the wrong way round?"),
    Malformed(
      "an input that does not fit", "[[1, 2, 3], [4, 5, 6]]", "[[1, 2, 3, 4]]",
      says: "layer 1 (\"enc\") takes 3 inputs (kernel \"W\" is 3 x 2), but is given 4."),
    Malformed(
      "a kernel that does not exist", "\"kernel\": \"W\", \"transposed\": true",
      "\"kernel\": \"V\", \"transposed\": true",
      says: "layer 2 (\"dec\") names the kernel \"V\"", "not among the parameters (W, b, c)"),
    Malformed(
      "a bias that does not exist", "\"bias\": \"c\"", "\"bias\": \"d\"",
      says: "names the bias \"d\""),
    Malformed(
      "a bias for a kernel", "\"kernel\": \"W\", \"transposed\": true",
      "\"kernel\": \"c\", \"transposed\": true",
      says: "uses \"c\" as its kernel; got shape 3, expected a matrix"),
    Malformed(
      "a kernel for a bias", "\"bias\": \"c\"", "\"bias\": \"W\"",
      says: "uses \"W\" as its bias; got shape 3 x 2, expected a list of numbers"),
    Malformed(
      "the encoder's bias in the decoder", "\"bias\": \"c\"", "\"bias\": \"b\"",
      says: "a bias of length 2, expected 3", "A tied decoder needs a bias of its own"),
    Malformed(
      "two layers of one name", "\"name\": \"dec\"", "\"name\": \"enc\"",
      says: "layer 2 (\"enc\"): another layer has this name"),
    Malformed(
      "an unused parameter", "\"c\": [1, 2, 3]", "\"c\": [1, 2, 3], \"d\": [1]",
      says: "parameter \"d\" is used by no layer"),
    Malformed(
      "a target of other rows", "[4, 5, 7]]", "[4, 5, 7], [1, 1, 1]]",
      says: "\"target\" is 3 x 3; expected 2 x 3"),
    Malformed(
      "a target of another width", "[[1, 2, 3], [4, 5, 7]]", "[[1], [4]]",
      says: "\"target\" is 2 x 1; expected 2 x 3"),
  ]

  private func sentence<S: Scalar>(_ json: String, as type: S.Type) -> String {
    #expect(throws: ModelFileError.self) { try ModelFile<S>(json: Data(json.utf8)) }?.description
      ?? ""
  }

  @Test("the file that the malformed ones are made of is well-formed")
  func wellFormedFile() throws {
    let model = try ModelFile<Double>(json: Data(Self.wellFormed.utf8))
    #expect(model.network.chain.layers.map(\.name) == ["enc", "dec"])
    #expect(try model.network.value(model.input, target: model.target).isFinite)
  }

  @Test("each malformed file is refused with its own sentence", arguments: malformed)
  func malformedFile(malformed: Malformed) throws {
    #expect(Self.wellFormed.contains(malformed.original))
    let json = Self.wellFormed.replacingOccurrences(
      of: malformed.original, with: malformed.replacement)
    let sentence = sentence(json, as: Double.self)
    for part in malformed.says {
      #expect(sentence.contains(part), "\(sentence)")
    }
  }

  @Test("no two kinds of fault share a sentence")
  func ownSentences() {
    // The two that are not JSON are one kind.
    let sentences = Self.malformed.filter { $0.testDescription != "a NaN literal" }.map {
      sentence(
        Self.wellFormed.replacingOccurrences(of: $0.original, with: $0.replacement),
        as: Double.self)
    }
    #expect(Set(sentences).count == sentences.count)
  }

  @Test("a bias of length 5 on 10 outputs is refused with the reason the well-known answer fails")
  func biasOfLengthFive() throws {
    let golden = try Golden.named("tied-10x5-tanh")
    let json = String(decoding: golden.json, as: UTF8.self)
    let broken = try #require(
      json.range(of: #""bias": ?"c""#, options: .regularExpression).map {
        json.replacingCharacters(in: $0, with: #""bias": "b""#)
      })
    let sentence = sentence(broken, as: Double.self)
    #expect(sentence.contains("got a bias of length 5, expected 10, one for each output"))
    #expect(sentence.contains("A tied decoder needs a bias of its own"))
    #expect(
      sentence.contains(
        "adds the encoder's bias in both, which is why it fails as soon as it is not 5 -> 5"))
  }

  @Test("a number too large for the precision is refused in that precision only")
  func overflow() throws {
    for (original, name) in [("[5, 6]]", "W"), ("\"b\": [1, 2]", "b"), ("[4, 5, 6]]", "input")] {
      let json = Self.wellFormed.replacingOccurrences(
        of: original,
        with: original.replacingOccurrences(of: "5", with: "1e39")
          .replacingOccurrences(of: "[1,", with: "[1e39,"))
      #expect(
        sentence(json, as: Float.self)
          == "\"\(name)\" holds 1e+39, which is not a finite Float.")
      #expect(throws: Never.self) { try ModelFile<Double>(json: Data(json.utf8)) }
    }
    let huge = Self.wellFormed.replacingOccurrences(of: "[4, 5, 6]", with: "[4, 1e999, 6]")
    #expect(sentence(huge, as: Double.self).contains("finite"))
  }
}
