import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Network")
struct NetworkTests {
  // MARK: Golden files

  @Test("nine golden files are there")
  func goldenFiles() {
    #expect(Golden.all.count == 9)
  }

  @Test(
    "output, value and gradients equal those of an independent implementation",
    arguments: Golden.all)
  func golden(golden: Golden) throws {
    let model = try golden.model()
    expectClose(
      try model.network.chain.forward(model.input).elements, golden.output, within: 1e-12, "output")
    expectClose(
      [try model.network.value(model.input, target: model.target)], [golden.value], within: 1e-12,
      "value")
    let gradients = try model.network.gradients(model.input, target: model.target)
    let parameters = model.network.chain.parameters
    #expect(Set(names(parameters)) == Set(golden.gradients.keys))
    for parameter in parameters {
      expectClose(
        try #require(gradients[parameter]).elements,
        try #require(golden.gradients[parameter.name]).flat, within: 1e-12,
        "gradient of \(parameter)")
    }
  }

  @Test(
    "what each layer contributes equals the golden gradient through that one use",
    arguments: Golden.all)
  func goldenPaths(golden: Golden) throws {
    let model = try golden.model()
    let byLayer = try model.network.gradientsByLayer(model.input, target: model.target)
    #expect(golden.pathGradients.map(\.layer) == Array(byLayer.indices))
    for path in golden.pathGradients {
      let kernel = try #require(
        model.network.chain.layers[path.layer].kernels.first { $0.parameter.name == path.kernel })
      expectClose(
        try #require(byLayer[path.layer][kernel.parameter]).elements, path.gradient.flat,
        within: 1e-12, "\(path.kernel) through layer \(path.layer)")
    }
  }

  // MARK: Laws

  @Test("sum rule: what the layers contribute adds up to the gradient", arguments: Golden.all)
  func sumRule(golden: Golden) throws {
    let model = try golden.model()
    let gradients = try model.network.gradients(model.input, target: model.target)
    let byLayer = try model.network.gradientsByLayer(model.input, target: model.target)
    for parameter in model.network.chain.parameters {
      var sum = Matrix<Double>(rows: parameter.values.rows, columns: parameter.values.columns)
      for gradients in byLayer {
        if let contribution = gradients[parameter] { try sum.add(contribution) }
      }
      expectClose(
        sum.elements, try #require(gradients[parameter]).elements, within: 1e-14, "\(parameter)")
    }
  }

  private func checkTiedGradient<S: Scalar>(_ type: S.Type, within tolerance: Double) throws {
    for seed in 1...12 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let features = 2 + random.integer(below: 5)
      let hidden = 1 + random.integer(below: features - 1)
      for (loss, last) in [
        (Loss.meanSquaredError, ElementwiseFunction.identity), (.binaryCrossEntropy, .sigmoid),
        (.softmaxCrossEntropy, .identity),
      ] {
        let chain = tiedPair(features, hidden, outputActivation: last, random, as: S.self)
        let input: Matrix<S> = randomMatrix(4, features, random)
        let target: Matrix<S> = random.matrix(rows: 4, columns: features, 0, 1)
        let tied = try Network(chain, loss: loss).gradients(input, target: target)
        let twin = chain.untied()
        let untied = try Network(twin, loss: loss).gradients(input, target: target)
        let encoder = try #require(untied[twin.layers[0].kernels[0].parameter])
        let decoder = try #require(untied[twin.layers[1].kernels[0].parameter])
        let actual = try #require(tied[chain.parameters[0]])
        var expected = encoder
        try expected.add(decoder.transposed)
        expectClose(
          actual.elements.map { Double($0) }, expected.elements.map { Double($0) },
          within: tolerance, "seed \(seed), \(loss)")
        // Neither part alone would do.
        #expect(encoder != expected && decoder.transposed != expected)
      }
    }
  }

  @Test("the tied gradient is G_enc + G_dec^T of the untied twin, in Double and Float")
  func tiedGradient() throws {
    try checkTiedGradient(Double.self, within: 1e-13)
    try checkTiedGradient(Float.self, within: 1e-5)
  }

  @Test("with one kernel used three times the gradient is the sum of the twin's three, each turned")
  func threeUses() throws {
    let model = try Golden.named("same-kernel-three-times-4x4").model()
    let chain = model.network.chain
    let tied = try model.network.gradients(model.input, target: model.target)
    let twin = chain.untied()
    let untied = try Network(twin, loss: model.network.loss)
      .gradients(model.input, target: model.target)
    var sum = Matrix<Double>(rows: 4, columns: 4)
    for (layer, original) in zip(twin.layers, chain.layers) {
      let part = try #require(untied[layer.kernels[0].parameter])
      try sum.add(original.kernels[0].isTransposed ? part.transposed : part)
    }
    expectClose(try #require(tied[chain.parameters[0]]).elements, sum.elements, within: 1e-13, "W")
  }

  @Test("the gradients equal differences of the value", arguments: Golden.all)
  func differences(golden: Golden) throws {
    // The largest file has a thousand coordinates, and no law that the others do not have.
    guard golden.name != "digits-64-16-64" else { return }
    let model = try golden.model()
    let gradients = try model.network.gradients(model.input, target: model.target)
    for parameter in model.network.chain.parameters {
      expectClose(
        try #require(gradients[parameter]).elements,
        try numericGradient(of: model.network, by: parameter, model.input, target: model.target),
        within: 1e-9, "\(parameter)")
    }
  }

  @Test("the order of the samples in the batch does not matter")
  func batchPermutation() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let network = Network(tiedPair(5, 3, random, as: Double.self), loss: .meanSquaredError)
      let input: Matrix<Double> = randomMatrix(7, 5, random)
      let target: Matrix<Double> = randomMatrix(7, 5, random)
      let order = random.permutation(of: 7)
      let shuffledInput = try Matrix(order.map { input.nested[$0] })
      let shuffledTarget = try Matrix(order.map { target.nested[$0] })
      expectClose(
        [try network.value(shuffledInput, target: shuffledTarget)],
        [try network.value(input, target: target)], within: 1e-15, "value, seed \(seed)")
      let a = try network.gradients(shuffledInput, target: shuffledTarget)
      let b = try network.gradients(input, target: target)
      for parameter in network.chain.parameters {
        expectClose(
          try #require(a[parameter]).elements, try #require(b[parameter]).elements, within: 1e-13,
          "\(parameter), seed \(seed)")
      }
      // Shuffling the targets alone does matter.
      if order != Array(0..<7) {
        #expect(
          try network.value(input, target: shuffledTarget) != network.value(input, target: target))
      }
    }
  }

  // MARK: Running a part

  @Test("from layer l on, with its input, the value is the same; around is called once per layer")
  func fromLayer() throws {
    let model = try Golden.named("deep-tied-8-5-3").model()
    let inputs = try model.network.chain.inputs(model.input)
    let whole = try model.network.value(model.input, target: model.target)
    for first in inputs.indices {
      var visited: [Int] = []
      let value = try model.network.value(
        fromLayer: first, inputs[first], target: model.target
      ) { layer, run in
        visited.append(layer)
        return try run()
      }
      #expect(value == whole)
      #expect(visited == Array(first..<4))
    }
  }

  @Test("a change that stands while one layer runs gives the derivative through that use alone")
  func changeAroundOneLayer() throws {
    let golden = try Golden.named("tied-6x4-sigmoid-bce")
    let model = try golden.model()
    let kernel = model.network.chain.parameters[0]
    for path in golden.pathGradients {
      let saved = kernel.flat
      let numeric = try centralDifferences(saved) { moved in
        try model.network.value(fromLayer: 0, model.input, target: model.target) { layer, run in
          if layer == path.layer { kernel.flat = moved }
          defer { kernel.flat = saved }
          return try run()
        }
      }
      expectClose(numeric, path.gradient.flat, within: 1e-9, "layer \(path.layer)")
    }
  }

  // MARK: Losses from logits

  @Test("after a sigmoid binary cross-entropy and its gradient survive logits of 1e4")
  func saturatedSigmoid() throws {
    let kernel = Kernel("W", try Matrix([[1e4, -1e4]]))
    let network = Network(
      Chain<Double>([Dense("d", kernel: kernel, activation: .sigmoid)]), loss: .binaryCrossEntropy)
    let wrong = try Matrix([[0.0, 1]])
    #expect(try network.value(Matrix([[1]]), target: wrong) == 1e4)
    #expect(
      try network.gradients(Matrix([[1]]), target: wrong)[kernel.parameter]?.nested == [
        [0.5, -0.5]
      ])
    let right = try Matrix([[1.0, 0]])
    #expect(try network.value(Matrix([[1]]), target: right) == 0)
  }

  @Test("with any other last activation binary cross-entropy takes the output as it is")
  func notFused() throws {
    let random = RandomSource(seed: 3)
    let kernel = Kernel<Double>("W", random.matrix(rows: 2, columns: 3, 0.1, 0.3))
    let network = Network(Chain<Double>([Dense("d", kernel: kernel)]), loss: .binaryCrossEntropy)
    let input: Matrix<Double> = random.matrix(rows: 4, columns: 2, 0.5, 1)
    let target: Matrix<Double> = random.matrix(rows: 4, columns: 3, 0, 1)
    let output = try network.chain.forward(input)
    #expect(
      try network.value(input, target: target)
        == Loss.binaryCrossEntropy.value(output, target: target))
    expectClose(
      try #require(network.gradients(input, target: target)[kernel.parameter]).elements,
      try numericGradient(of: network, by: kernel.parameter, input, target: target), within: 1e-8,
      "gradient")
    #expect(throws: LossDomainError.self) {
      try network.value(Matrix(rows: 4, columns: 2, repeating: 9), target: target)
    }
  }

  @Test("a network without layers has a value and no gradients")
  func noLayers() throws {
    let network = Network(Chain<Double>([]), loss: .meanSquaredError)
    let input = try Matrix([[1.0, 3]])
    #expect(try network.value(input, target: Matrix([[0, 0]])) == 5)
    #expect(try network.gradients(input, target: input).parameters.isEmpty)
    #expect(try network.gradientsByLayer(input, target: input).isEmpty)
  }

  @Test("a target of another shape is an error")
  func mismatch() throws {
    let network = Network(
      tiedPair(5, 3, RandomSource(seed: 1), as: Double.self),
      loss: .meanSquaredError)
    let input = Matrix<Double>(rows: 2, columns: 5)
    let target = Matrix<Double>(rows: 2, columns: 3)
    #expect(throws: ShapeMismatch.self) { try network.value(input, target: target) }
    #expect(throws: ShapeMismatch.self) { try network.gradients(input, target: target) }
  }
}
