import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

/// Pythagoras.
private struct PlainDistance: PlainLayer {
  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    var sum = N(real: 0)
    for j in 0..<(input.count / 2) {
      let difference = input[j] - input[input.count / 2 + j]
      sum += difference * difference
    }
    return [sum.squareRoot]
  }
}

@Suite("PairDistance")
struct PairDistanceTests {
  @Test("the distance of the halves; by hand")
  func byHand() throws {
    let layer = PairDistance<Double>("distance")
    #expect(try layer.forward(Matrix([[1, 2, 4, 6], [0, 0, 0, -2]])).nested == [[5], [2]])
    #expect(layer.parameters.isEmpty)
    #expect(layer.kind == "Distance")
  }

  @Test("equals plain loops, and backward their complex step", arguments: 1...10)
  func plain(seed: Int) throws {
    let random = RandomSource(seed: UInt64(seed))
    try expectLayer(
      PairDistance<Double>("d"), computes: PlainDistance(), at: randomMatrix(4, 6, random),
      within: 1e-13)
    try expectLayer(
      PairDistance<Float>("d"), computes: PlainDistance(), at: randomMatrix(4, 6, random),
      within: 1e-6)
  }

  @Test(
    "equal halves: a distance of 0, and by convention no slope, in the loss of a close pair too")
  func equalHalves() throws {
    let layer = PairDistance<Double>("d")
    var gradients = Gradients<Double>()
    let input = try Matrix([[1.0, 2, 1, 2]])
    #expect(try layer.forward(input).nested == [[0]])
    #expect(
      try layer.backward(Matrix([[3]]), at: input, into: &gradients).nested == [[0, 0, 0, 0]])
  }

  @Test("rows that are no pairs, and cotangents of another shape, are errors")
  func mismatches() throws {
    let layer = PairDistance<Double>("d")
    let error = #expect(throws: ShapeMismatch.self) {
      try layer.forward(Matrix(rows: 2, columns: 5))
    }
    #expect(error?.given == "rows of 5 numbers")
    var gradients = Gradients<Double>()
    #expect(throws: ShapeMismatch.self) {
      try layer.backward(
        Matrix(rows: 2, columns: 2), at: Matrix(rows: 2, columns: 4), into: &gradients)
    }
  }
}
