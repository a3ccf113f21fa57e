import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Loss")
struct LossTests {
  /// One case: what `Loss.value` takes, and the loss by its definition.
  struct Sample {
    let loss: Loss
    let areLogits: Bool
    let output: Matrix<Double>
    let target: Matrix<Double>

    /// The plain formula, by loops.
    var expected: Double {
      var sum = 0.0
      for i in 0..<output.rows {
        var total = 0.0
        for j in 0..<output.columns { total += exp(output[i, j]) }
        for j in 0..<output.columns {
          let t = target[i, j]
          switch loss {
          case .meanSquaredError: sum += (output[i, j] - t) * (output[i, j] - t)
          case .binaryCrossEntropy:
            let y = areLogits ? 1 / (1 + exp(-output[i, j])) : output[i, j]
            sum -= t * log(y) + (1 - t) * log(1 - y)
          case .softmaxCrossEntropy: sum -= t * log(exp(output[i, j]) / total)
          case .contrastive:
            let gap = max(0, 1 - output[i, j])
            sum += (1 - t) * output[i, j] * output[i, j] / 2 + t * gap * gap / 2
          }
        }
      }
      let rows = Double(output.rows)
      return loss == .softmaxCrossEntropy ? sum / rows : sum / (rows * Double(output.columns))
    }
  }

  static func samples(seed: UInt64) -> [Sample] {
    let random = RandomSource(seed: seed)
    let (rows, columns) = (1 + random.integer(below: 4), 1 + random.integer(below: 5))
    let target: Matrix<Double> = random.matrix(rows: rows, columns: columns, 0, 1)
    return [
      (Loss.meanSquaredError, false, -2, 2), (.binaryCrossEntropy, false, 0.05, 0.95),
      (.binaryCrossEntropy, true, -5, 5), (.softmaxCrossEntropy, false, -5, 5),
      (.contrastive, false, 0, 0.99), (.contrastive, false, 1.01, 3),
    ].map { loss, areLogits, lower, upper in
      Sample(
        loss: loss, areLogits: areLogits,
        output: random.matrix(rows: rows, columns: columns, lower, upper), target: target)
    }
  }

  @Test("the losses equal their plain formulas", arguments: 1...25 as ClosedRange<UInt64>)
  func plainFormulas(seed: UInt64) throws {
    for sample in Self.samples(seed: seed) {
      let value = try sample.loss.value(
        sample.output, target: sample.target, areLogits: sample.areLogits)
      expectClose([value], [sample.expected], within: 1e-13, "\(sample.loss)")
    }
  }

  @Test("the cotangents equal differences of the values", arguments: 1...15 as ClosedRange<UInt64>)
  func cotangents(seed: UInt64) throws {
    for sample in Self.samples(seed: seed) {
      let cotangent = try sample.loss.cotangent(
        sample.output, target: sample.target, areLogits: sample.areLogits)
      // A smaller step than elsewhere: near 0.05 a logarithm has a large fifth derivative.
      let numeric = try centralDifferences(sample.output.elements, step: 2e-4) {
        var moved = sample.output
        moved.elements = $0
        return try sample.loss.value(moved, target: sample.target, areLogits: sample.areLogits)
      }
      expectClose(cotangent.elements, numeric, within: 1e-9, "\(sample.loss)")
    }
  }

  @Test("from the logits and from the probabilities, binary cross-entropy is the same")
  func logitsAndProbabilities() throws {
    let random = RandomSource(seed: 4)
    let logits: Matrix<Double> = random.matrix(rows: 3, columns: 4, -6, 6)
    let target: Matrix<Double> = random.matrix(rows: 3, columns: 4, 0, 1)
    var output = logits
    output.apply(.sigmoid)
    let loss = Loss.binaryCrossEntropy
    expectClose(
      [try loss.value(logits, target: target, areLogits: true)],
      [try loss.value(output, target: target)], within: 1e-13, "value")
    var chained = try loss.cotangent(output, target: target)
    try chained.multiplyByDerivative(of: .sigmoid, at: logits)
    let fused = try loss.cotangent(logits, target: target, areLogits: true)
    expectClose(fused.elements, chained.elements, within: 1e-12, "cotangent")
  }

  private func checkExtremes<S: Scalar>(_ type: S.Type) throws {
    let logits = try Matrix<S>([[1e4, -1e4, 1e4, -1e4]])
    let target = try Matrix<S>([[1, 0, 0, 1]])
    #expect(try Loss.binaryCrossEntropy.value(logits, target: target, areLogits: true) == 5000)
    #expect(
      try Loss.binaryCrossEntropy.cotangent(logits, target: target, areLogits: true).nested
        == [[0, 0, 0.25, -0.25]])
    #expect(try Loss.softmaxCrossEntropy.value(logits, target: target).isFinite)
    #expect(
      try Loss.softmaxCrossEntropy.cotangent(logits, target: target).nested == [[0, 0, 1, -1]])
    #expect(try Loss.meanSquaredError.value(logits, target: target).isFinite)
    // Probabilities that are certain and right cost nothing and have finite slopes.
    let certain = try Matrix<S>([[1, 0]])
    #expect(try Loss.binaryCrossEntropy.value(certain, target: certain) == 0)
    #expect(
      try Loss.binaryCrossEntropy.cotangent(certain, target: certain).nested == [[-0.5, 0.5]])
  }

  @Test("values and cotangents at logits of +-1e4 are their true, finite values")
  func extremes() throws {
    try checkExtremes(Double.self)
    try checkExtremes(Float.self)
  }

  @Test("a confident right answer keeps the digits of its small slope, as it does of its loss")
  func confidentAnswers() throws {
    for logit in [5.0, 20, 40] {
      let logits = try Matrix([[logit, -logit]])
      let target = try Matrix([[1.0, 0]])
      let slope = exp(-logit) / (1 + exp(-logit)) / 2
      expectClose(
        try Loss.binaryCrossEntropy.cotangent(logits, target: target, areLogits: true).elements,
        [-slope, slope], within: 1e-15, "logit \(logit)")
    }
  }

  @Test("an output that is no probability is refused with its value; a NaN comes out as a NaN")
  func domain() throws {
    let loss = Loss.binaryCrossEntropy
    let target = try Matrix([[0.0, 1]])
    let error = #expect(throws: LossDomainError.self) {
      try loss.value(Matrix([[0.5, 1.5]]), target: target)
    }
    #expect(error?.value == 1.5)
    #expect(
      error?.description == "binary cross-entropy: got an output of 1.5, expected probabilities in "
        + "[0, 1]. End the network in a sigmoid, or use the mean squared error.")
    #expect(throws: LossDomainError.self) { try loss.value(Matrix([[-0.1, 1]]), target: target) }
    #expect(try loss.value(Matrix([[-0.1, 9]]), target: target, areLogits: true).isFinite)
    #expect(try loss.value(Matrix([[.nan, 0.5]]), target: target).isNaN)
  }

  @Test("contrastive: close pairs pull, others push, and nothing beyond the margin pushes")
  func contrastive() throws {
    let loss = Loss.contrastive
    let distances = try Matrix([[0.5], [0.5], [1.0], [1.5], [0]])
    let target = try Matrix([[0.0], [1], [1], [1], [0]])
    // Halves of squares: 0.25, then the gap's 0.25, then nothing.
    #expect(try loss.value(distances, target: target) == (0.125 + 0.125) / 5)
    #expect(
      try loss.cotangent(distances, target: target).nested == [[0.1], [-0.1], [0], [0], [0]])
    // The slope is continuous at the margin, the curvature jumps.
    let near = try [-1e-6, 1e-6].map { offset in
      try loss.cotangent(Matrix([[1 + offset]]), target: Matrix([[1.0]])).elements[0]
    }
    expectClose(near, [-1e-6, 0], within: 1e-9, "beside the margin")
  }

  @Test("a distance below zero is refused with its value; a NaN comes out as a NaN")
  func contrastiveDomain() throws {
    let target = try Matrix([[0.0, 1]])
    let error = #expect(throws: LossDomainError.self) {
      try Loss.contrastive.value(Matrix([[0.5, -0.25]]), target: target)
    }
    #expect(
      error?.description
        == "contrastive loss: got an output of -0.25, expected distances, which are "
        + "never negative. End the network in a distance of the two halves of a pair, or use the mean "
        + "squared error.")
    for place in [try Matrix([[.nan, 0.5]]), try Matrix([[0.5, .nan]])] {
      #expect(try Loss.contrastive.value(place, target: target).isNaN)
      #expect(
        try Loss.contrastive.cotangent(place, target: target).elements.contains { $0.isNaN })
    }
  }

  @Test("a target of another shape is an error, for value and cotangent", arguments: Loss.allCases)
  func mismatch(loss: Loss) {
    let output = Matrix<Double>(rows: 2, columns: 3, repeating: 0.5)
    let target = Matrix<Double>(rows: 3, columns: 2)
    let error = #expect(throws: ShapeMismatch.self) { try loss.value(output, target: target) }
    #expect(error?.given == "2 x 3")
    #expect(error?.expected == "3 x 2")
    #expect(throws: ShapeMismatch.self) { try loss.cotangent(output, target: target) }
  }

  @Test("the names are those of model files, and only binary cross-entropy undoes an activation")
  func naming() {
    #expect(
      Loss.allCases.map(\.rawValue)
        == [
          "mean_squared_error", "binary_cross_entropy", "softmax_cross_entropy", "contrastive",
        ])
    #expect(Loss.allCases.map(\.fusedActivation) == [nil, .sigmoid, nil, nil])
  }
}
