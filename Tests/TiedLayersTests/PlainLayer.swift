import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

/// What a layer computes, written down a second time in the plainest form: loops over indices, no BLAS,
/// nothing of the layer's own.
protocol PlainLayer {
  /// Sample by sample. Kernels stand in the orientation of their use, one for each slot.
  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N]
}

/// What a plain layer is a function of, for a batch.
private struct Point {
  var input: [[Complex]]
  var kernels: [[[Complex]]]
  var biases: [[Complex]]
}

/// Records an issue unless a layer computes what the plain one does and its backward pass is the
/// derivative of that, found by complex step: by the input, and by each slot of its kernels and biases
/// alone. And unless what slots share collects the sum of theirs, transposed where they are.
func expectLayer<S: Scalar>(
  _ layer: any Layer<S>, computes plain: some PlainLayer, at input: Matrix<S>,
  byInput: Bool = true, within tolerance: Double, seed: UInt64 = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  func doubles(_ matrix: Matrix<S>) -> [[Double]] { matrix.nested.map { $0.map { Double($0) } } }

  // The same layer, every slot bound to a Parameter of its own.
  var untied = layer
  untied.kernels = layer.kernels.enumerated().map { slot, kernel in
    kernel.rebound(to: kernel.parameter.copy(named: "kernel \(slot)"))
  }
  untied.biases = layer.biases.enumerated().map { $1.copy(named: "bias \($0)") }
  let kernels = untied.kernels.map { kernel in
    doubles(kernel.isTransposed ? kernel.parameter.values.transposed : kernel.parameter.values)
  }
  let biases = untied.biases.map { doubles($0.values)[0] }

  let output = try layer.forward(input)
  let expected = doubles(input).flatMap { plain.output($0, kernels, biases) }
  expectClose(
    output.elements.map { Double($0) }, expected, within: tolerance, "output",
    sourceLocation: sourceLocation)

  let cotangent: Matrix<S> = RandomSource(seed: seed).matrix(
    rows: output.rows, columns: output.columns, -1, 1)
  var found = Gradients<S>()
  let back = try untied.backward(cotangent, at: input, into: &found)

  /// <cotangent, output> with one list of numbers in the place of another.
  func slopes(_ shape: [Int], _ values: [Double], _ replace: ([[Complex]]) -> Point) -> [Double] {
    complexStep(values) { moved in
      let rows = (0..<shape[0]).map { Array(moved[($0 * shape[1])..<(($0 + 1) * shape[1])]) }
      let point = replace(rows)
      var sum = Complex(real: 0)
      for (i, row) in point.input.enumerated() {
        let output = plain.output(row, point.kernels, point.biases)
        for j in output.indices { sum += Complex(real: Double(cotangent[i, j])) * output[j] }
      }
      return sum
    }
  }
  let point = Point(
    input: doubles(input).map { $0.map { Complex(real: $0) } },
    kernels: kernels.map { $0.map { $0.map { Complex(real: $0) } } },
    biases: biases.map { $0.map { Complex(real: $0) } })

  if byInput {
    let numeric = slopes(input.shape, doubles(input).flatMap { $0 }) { rows in
      var moved = point
      moved.input = rows
      return moved
    }
    expectClose(
      back.elements.map { Double($0) }, numeric, within: tolerance, "cotangent of the input",
      sourceLocation: sourceLocation)
  } else {
    #expect(back.shape == input.shape, sourceLocation: sourceLocation)
  }
  for (slot, kernel) in untied.kernels.enumerated() {
    let shape = [kernel.rows, kernel.columns]
    let numeric = slopes(shape, kernels[slot].flatMap { $0 }) { rows in
      var moved = point
      moved.kernels[slot] = rows
      return moved
    }
    let own = try #require(found[kernel.parameter], sourceLocation: sourceLocation)
    expectClose(
      (kernel.isTransposed ? own.transposed : own).elements.map { Double($0) }, numeric,
      within: tolerance, "kernel \(slot)", sourceLocation: sourceLocation)
  }
  for (slot, bias) in untied.biases.enumerated() {
    let numeric = slopes([1, bias.count], biases[slot]) { rows in
      var moved = point
      moved.biases[slot] = rows[0]
      return moved
    }
    let own = try #require(found[bias], sourceLocation: sourceLocation)
    expectClose(
      own.elements.map { Double($0) }, numeric, within: tolerance, "bias \(slot)",
      sourceLocation: sourceLocation)
  }

  // What is shared: the sum of the slots.
  var together = Gradients<S>()
  _ = try layer.backward(cotangent, at: input, into: &together)
  var slots = zip(layer.kernels, untied.kernels).map { ($0.parameter, $1.parameter) }
  slots += zip(layer.biases, untied.biases)
  for parameter in layer.parameters {
    var sum = Matrix<S>(rows: parameter.values.rows, columns: parameter.values.columns)
    for (shared, own) in slots where shared === parameter { try sum.add(found[own]!) }
    expectClose(
      try #require(together[parameter]).elements.map { Double($0) },
      sum.elements.map { Double($0) }, within: tolerance, "sum over the uses of \(parameter)",
      sourceLocation: sourceLocation)
  }
}
