import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

/// Bugs that are in no gallery. They must fail, and must not be given a name that is not theirs.
struct InventedBugsTests {
  /// A network whose claimed contributions are changed before they are handed in.
  private func diagnoses(
    seed: UInt64, activation: ElementwiseFunction = .tanh, batch: Int = 5,
    _ change: @escaping (_ own: Matrix<Double>, _ soFar: Matrix<Double>) -> Matrix<Double>
  ) throws -> [Diagnosis] {
    try check {
      let base = try GalleryModel(widths: [5, 4], batch: batch).make(seed)
      var network = base.network
      network.chain = try network.chain.withWrongBackward(of: .encoder, fault: "invented") {
        change($0, $1)
      }
      return ChainObjective(network, input: base.input, target: base.target)
    }
  }

  private func check(_ make: @escaping () throws -> ChainObjective<Double>) throws -> [Diagnosis] {
    let result = try CheckCase(
      name: "invented", model: "invented", subjects: [], makeObjective: make
    ).run(CheckOptions())
    #expect(result.gradient.verdict == .fail)
    return result.diagnoses
  }

  private func expectUnexplained(
    _ found: [Diagnosis], _ evidence: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(!found.isEmpty, sourceLocation: sourceLocation)
    #expect(
      found.allSatisfy { $0.id == "unexplained" }, "\(found)", sourceLocation: sourceLocation)
    #expect(
      found.contains { $0.sentence.contains(evidence) }, "\(found.map(\.sentence))",
      sourceLocation: sourceLocation)
  }

  @Test func aWrongRow() throws {
    expectUnexplained(
      try diagnoses(seed: 1) { own, _ in
        var wrong = own
        for j in 0..<own.columns { wrong[2, j] = 0 }
        return wrong
      }, "all in row 2")
  }

  @Test func aWrongColumn() throws {
    expectUnexplained(
      try diagnoses(seed: 2) { own, _ in
        var wrong = own
        for i in 0..<own.rows { wrong[i, 1] *= 3 }
        return wrong
      }, "column 1: one unit")
  }

  @Test func oneWrongEntry() throws {
    expectUnexplained(
      try diagnoses(seed: 3) { own, _ in
        var wrong = own
        wrong[3, 2] += 0.01
        return wrong
      }, "one entry is wrong, at [3, 2]")
  }

  @Test func aSignInHalfOfTheEntries() throws {
    expectUnexplained(
      try diagnoses(seed: 4) { own, _ in
        var wrong = own
        for i in stride(from: 0, to: own.elements.count, by: 2) { wrong.elements[i] *= -1 }
        return wrong
      }, "10 of 20 entries are wrong")
  }

  @Test func gradientsClippedEntryByEntry() throws {
    expectUnexplained(
      try diagnoses(seed: 5) { own, _ in
        var wrong = own
        for i in own.elements.indices { wrong.elements[i] = max(-0.02, min(0.02, own.elements[i])) }
        return wrong
      }, "entries are wrong")
  }

  @Test func theAbsoluteValue() throws {
    expectUnexplained(
      try diagnoses(seed: 6) { own, _ in
        var wrong = own
        for i in own.elements.indices { wrong.elements[i] = abs(own.elements[i]) }
        return wrong
      }, "entries are wrong")
  }

  @Test func theRowsInReverse() throws {
    expectUnexplained(
      try diagnoses(seed: 7) { own, _ in
        var wrong = own
        for i in 0..<own.rows {
          for j in 0..<own.columns { wrong[i, j] = own[own.rows - 1 - i, j] }
        }
        return wrong
      }, "entries are wrong")
  }

  @Test func aConstantAdded() throws {
    expectUnexplained(
      try diagnoses(seed: 8) { own, _ in
        var wrong = own
        for i in own.elements.indices { wrong.elements[i] += 0.003 }
        return wrong
      }, "rank 1")
  }

  @Test func singlePrecisionInTheMiddle() throws {
    // Rounded to three digits, as half precision would.
    expectUnexplained(
      try diagnoses(seed: 9) { own, _ in
        var wrong = own
        for i in own.elements.indices {
          wrong.elements[i] = (own.elements[i] * 1000).rounded() / 1000
        }
        return wrong
      }, "entries are wrong")
  }

  /// The gradient of a batch from which one sample was dropped: the sample is found.
  @Test(arguments: [0, 3]) func oneSampleDropped(sample: Int) throws {
    let found = try check {
      let base = try GalleryModel(widths: [7, 6], batch: 5).make(10)
      var network = base.network
      let last = network.chain.layers.count - 1
      network.chain.layers[last] = DroppingLayer(
        layer: network.chain.layers[last] as! Dense<Double>, sample: sample)
      return ChainObjective(network, input: base.input, target: base.target)
    }
    #expect(found.allSatisfy { $0.id == "unexplained" })
    let kernel = try #require(found.first { $0.parameter == "W" })
    #expect(
      kernel.sentence.contains("-1.000 x the contribution of sample \(sample)"),
      "\(kernel.sentence)")
  }

  /// The derivative of tanh at the output instead of at the preactivation.
  @Test func theDerivativeAtTheWrongPlace() throws {
    let found = try check {
      let base = try GalleryModel(widths: [5, 4]).make(11)
      var network = base.network
      network.chain.layers[0] = MisplacedDerivative(
        dense: network.chain.layers[0] as! Dense<Double>)
      return ChainObjective(network, input: base.input, target: base.target)
    }
    expectUnexplained(found, "entries are wrong")
  }

  /// tanh' = 1 - tanh, the square forgotten.
  @Test func theSquareForgotten() throws {
    let found = try check {
      let base = try GalleryModel(widths: [5, 4]).make(12)
      var network = base.network
      network.chain.layers[0] = MisplacedDerivative(
        dense: network.chain.layers[0] as! Dense<Double>, forgetsSquare: true)
      return ChainObjective(network, input: base.input, target: base.target)
    }
    expectUnexplained(found, "entries are wrong")
  }

  /// The cotangent handed down has the wrong sign in one unit.
  @Test func aSignInOneUnit() throws {
    let found = try check {
      let base = try GalleryModel(widths: [5, 4]).make(13)
      var network = base.network
      let last = network.chain.layers.count - 1
      network.chain.layers[last] = SignFlipping(
        layer: network.chain.layers[last] as! Dense<Double>, unit: 2)
      return ChainObjective(network, input: base.input, target: base.target)
    }
    expectUnexplained(found, "column 2: one unit")
  }
}

// MARK: Layers with bugs of their own

/// Forgets one sample in what it contributes, and in what it hands down.
private struct DroppingLayer: ActivatedLayer {
  var layer: Dense<Double>
  let sample: Int

  var name: String { layer.name }
  var activation: ElementwiseFunction { layer.activation }
  var kernels: [Kernel<Double>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }
  func preactivation(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try layer.preactivation(input)
  }
  func backward(
    preactivationCotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var dropped = preactivationCotangent
    if sample < dropped.rows {
      for j in 0..<dropped.columns { dropped[sample, j] = 0 }
    }
    return try layer.backward(preactivationCotangent: dropped, at: input, into: &gradients)
  }
}

/// A tanh layer whose derivative is taken at its output, or is 1 - tanh.
private struct MisplacedDerivative: Layer {
  var dense: Dense<Double>
  var forgetsSquare = false

  var name: String { dense.name }
  var kernels: [Kernel<Double>] {
    get { dense.kernels }
    set { dense.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { dense.biases }
    set { dense.biases = newValue }
  }
  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try dense.forward(input) }
  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var inner = cotangent
    let output = try dense.forward(input)
    if forgetsSquare {
      for i in inner.elements.indices { inner.elements[i] *= 1 - output.elements[i] }
    } else {
      try inner.multiplyByDerivative(of: dense.activation, at: output)
    }
    return try dense.backward(preactivationCotangent: inner, at: input, into: &gradients)
  }
}

/// Hands down a cotangent with the wrong sign in one unit.
private struct SignFlipping: Layer {
  var layer: Dense<Double>
  let unit: Int

  var name: String { layer.name }
  var kernels: [Kernel<Double>] {
    get { layer.kernels }
    set { layer.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { layer.biases }
    set { layer.biases = newValue }
  }
  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try layer.forward(input) }
  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var result = try layer.backward(cotangent, at: input, into: &gradients)
    for i in 0..<result.rows { result[i, unit] *= -1 }
    return result
  }
}
