import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

/// An Elman layer by loops, one sequence at a time.
private struct PlainRecurrent: PlainLayer {
  let steps: Int

  func output<N: PlainNumber>(_ input: [N], _ kernels: [[[N]]], _ biases: [[N]]) -> [N] {
    let (inputs, units) = (kernels[0].count, kernels[0][0].count)
    var state = [N](repeating: N(real: 0), count: units)
    for t in 0..<Int(input.last!.re) {
      var next: [N] = []
      for j in 0..<units {
        var sum = biases.isEmpty ? N(real: 0) : biases[t][j]
        for i in 0..<inputs { sum += input[t * inputs + i] * kernels[t][i][j] }
        if t > 0 {
          for k in 0..<units { sum += state[k] * kernels[steps + t - 1][k][j] }
        }
        next.append(sum.tanh)
      }
      state = next
    }
    return state
  }
}

@Suite("Recurrent")
struct RecurrentTests {
  /// Sequences of the given lengths, whatever lies beyond them included.
  private func sequences<S: Scalar>(
    _ lengths: [Int], steps: Int, inputs: Int, _ random: RandomSource
  ) -> Matrix<S> {
    var input: Matrix<S> = randomMatrix(lengths.count, steps * inputs + 1, random)
    for (i, length) in lengths.enumerated() { input[i, steps * inputs] = S(length) }
    return input
  }

  private func layer<S: Scalar>(
    steps: Int, inputs: Int = 2, units: Int = 3, bias: Bool = true, transposed: Bool = false,
    _ random: RandomSource
  ) -> Recurrent<S> {
    let (rows, columns) = transposed ? (units, inputs) : (inputs, units)
    return Recurrent(
      "rnn",
      inputKernel: Kernel(
        Parameter("Wx", randomMatrix(rows, columns, random)), transposed: transposed),
      stateKernel: Kernel(
        Parameter("Wh", randomMatrix(units, units, random)), transposed: transposed),
      bias: bias ? randomBias("b", units, random) : nil, steps: steps)
  }

  @Test("the state is handed on, up to each sequence's own length; by hand")
  func byHand() throws {
    let layer = Recurrent(
      "rnn", inputKernel: Kernel("Wx", try Matrix([[1.0]])),
      stateKernel: Kernel("Wh", try Matrix([[10.0]])), bias: Parameter("b", [0.5]), steps: 3,
      activation: .identity)
    // h1 = x1 + 0.5, h2 = x2 + 10 h1 + 0.5, h3 = x3 + 10 h2 + 0.5.
    let output = try layer.forward(Matrix([[1, 2, 3, 1], [1, 2, 3, 2], [1, 2, 3, 3]]))
    #expect(output.nested == [[1.5], [17.5], [178.5]])
    #expect(layer.kind == "Recurrent, 3 steps (identity)")
    #expect(names(layer.parameters) == ["Wx", "Wh", "b"])
  }

  @Test(
    "equals plain loops, and backward their complex step, step by step, whatever the lengths",
    arguments: 1...10 as ClosedRange<UInt64>)
  func plain(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    let steps = 1 + Int(seed % 4)
    let lengths = (0..<4).map { $0 == 0 ? steps : 1 + $0 % steps }
    for transposed in [false, true] {
      let layer: Recurrent<Double> = layer(
        steps: steps, bias: seed % 3 != 0, transposed: transposed, random)
      try expectLayer(
        layer, computes: PlainRecurrent(steps: steps),
        at: sequences(lengths, steps: steps, inputs: 2, random), within: 1e-12, seed: seed)
    }
    let single: Recurrent<Float> = layer(steps: steps, random)
    try expectLayer(
      single, computes: PlainRecurrent(steps: steps),
      at: sequences(lengths, steps: steps, inputs: 2, random), within: 1e-5, seed: seed)
  }

  @Test("every time step is a use of its own, and called by its number")
  func slots() {
    let layer: Recurrent<Double> = layer(steps: 3, RandomSource(seed: 1))
    #expect(
      layer.slots.map(\.name) == [
        "input 1", "input 2", "input 3", "step 2", "step 3", "step 1", "step 2", "step 3",
      ])
    #expect(layer.slots.map(\.parameter.name) == ["Wx", "Wx", "Wx", "Wh", "Wh", "b", "b", "b"])
  }

  /// Contributions by slot name.
  private func contributions(
    _ layer: Recurrent<Double>, _ input: Matrix<Double>
  ) throws -> [String: [Double]] {
    var apart = layer
    let own = layer.slots.map { $0.parameter.copy(named: $0.name) }
    for (slot, parameter) in zip(layer.slots, own) { apart.rebind(slot: slot.index, to: parameter) }
    var found = Gradients<Double>()
    let ones = Matrix<Double>(rows: input.rows, columns: 3, repeating: 1)
    _ = try apart.backward(ones, at: input, into: &found)
    return Dictionary(
      zip(layer.slots, own).map { ("\($0.parameter.name) \($0.name)", found[$1]!.elements) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test(
    "a step that a sequence does not reach contributes nothing, and what lies there is not read")
  func beyondTheEnd() throws {
    let random = RandomSource(seed: 5)
    let layer: Recurrent<Double> = layer(steps: 4, random)
    let input: Matrix<Double> = sequences([2, 3, 2], steps: 4, inputs: 2, random)
    let found = try contributions(layer, input)
    for name in ["Wx input 4", "Wh step 4", "b step 4"] {
      #expect(found[name]!.allSatisfy { $0 == 0 }, "\(name)")
    }
    for name in ["Wx input 3", "Wh step 3", "b step 3", "Wh step 2"] {
      #expect(found[name]!.contains { $0 != 0 }, "\(name)")
    }
    var other = input
    other[0, 5] += 1
    other[0, 7] = 1e9
    #expect(try layer.forward(other) == layer.forward(input))
  }

  @Test("with sequences of one step nothing reaches the kernel of the state")
  func oneStep() throws {
    let random = RandomSource(seed: 6)
    let layer: Recurrent<Double> = layer(steps: 3, random)
    let found = try contributions(layer, sequences([1, 1], steps: 3, inputs: 2, random))
    for (name, values) in found {
      #expect(values.contains { $0 != 0 } == ["Wx input 1", "b step 1"].contains(name), "\(name)")
    }
    let single: Recurrent<Double> = self.layer(steps: 1, random)
    #expect(single.kernels.count == 1 && names(single.parameters) == ["Wx", "b"])
    #expect(single.kind == "Recurrent, 1 step (tanh)")
  }

  @Test("a use is reached where a sequence is long enough and what the kernel reads is not zero")
  func reached() throws {
    let random = RandomSource(seed: 4)
    let layer: Recurrent<Double> = layer(steps: 3, random)
    // Input 1, 2, 3; step 2, 3 of the state; step 1, 2, 3 of the bias.
    func reached(_ input: Matrix<Double>) throws -> [Bool] {
      try layer.slots.map { try layer.reaches(slot: $0.index, at: input) }
    }
    func input(_ lengths: [Int]) -> Matrix<Double> {
      sequences(lengths, steps: 3, inputs: 2, random)
    }
    #expect(try reached(input([1, 1])) == [true, false, false, false, false, true, false, false])
    #expect(try reached(input([1, 2])) == [true, true, false, true, false, true, true, false])
    #expect(try reached(input([3, 1])) == [Bool](repeating: true, count: 8))
    // At step 2 the one long sequence reads nothing but zeros; its state and the bias are there.
    var blank = input([1, 2])
    (blank[1, 2], blank[1, 3]) = (0, 0)
    #expect(try reached(blank) == [true, false, false, true, false, true, true, false])
    #expect(throws: SequenceLengthError.self) { try reached(input([4])) }
  }

  @Test("the last step's contribution is the immediate one: state before it times what arrives")
  func immediate() throws {
    let random = RandomSource(seed: 7)
    let layer: Recurrent<Double> = layer(steps: 3, random)
    let input: Matrix<Double> = sequences([3], steps: 3, inputs: 2, random)
    var shorter = input
    shorter[0, 6] = 2
    let (before, after) = (try layer.forward(shorter), try layer.forward(input))
    var expected: [Double] = []
    for i in 0..<3 {
      for j in 0..<3 { expected.append(before[0, i] * (1 - after[0, j] * after[0, j])) }
    }
    expectClose(
      try contributions(layer, input)["Wh step 3"]!, expected, within: 1e-14, "immediate")
  }

  @Test("a length that is none is an error that says where and what was expected")
  func badLengths() throws {
    let random = RandomSource(seed: 8)
    let layer: Recurrent<Double> = layer(steps: 3, random)
    for bad in [0, 4, 1.5, -1, .nan, .infinity] {
      var input: Matrix<Double> = sequences([1, 2], steps: 3, inputs: 2, random)
      input[1, 6] = bad
      let error = #expect(throws: SequenceLengthError.self) { try layer.forward(input) }
      #expect(
        error?.description
          == "recurrent layer \"rnn\": got the length \(bad) in sample 1, expected a whole number from 1 "
          + "to 3 in the last column, behind the 3 steps.")
    }
  }

  @Test("what does not fit together is an error")
  func badShapes() throws {
    let random = RandomSource(seed: 9)
    let good: Recurrent<Double> = layer(steps: 3, random)
    #expect(throws: ShapeMismatch.self) { try good.forward(randomMatrix(2, 6, random)) }
    let input: Matrix<Double> = sequences([1], steps: 3, inputs: 2, random)
    var gradients = Gradients<Double>()
    #expect(throws: ShapeMismatch.self) {
      try good.backward(randomMatrix(1, 2, random), at: input, into: &gradients)
    }
    var bad = good
    bad.biases = [Parameter("b", [1, 2])]
    #expect(throws: ShapeMismatch.self) { try bad.forward(input) }
    bad = good
    bad.stateKernels[1] = Kernel("Wh", randomMatrix(2, 3, random))
    #expect(throws: ShapeMismatch.self) { try bad.forward(input) }
  }

  @Test("the model's batch: lengths of their own, the longest first, the step after it the target")
  func batch() throws {
    let model = try #require(Models.named("recurrent"))
    var choices = model.usual
    choices.features = 20
    choices.settings["width"] = 4
    let samples = Samples(randomMatrix(12, 20, RandomSource(seed: 1)))
    let batch = try model.batch(samples, choices, random: RandomSource(seed: 2))
    #expect(batch.input.shape == [12, 17] && batch.target.shape == [12, 4])
    let lengths = (0..<12).map { Int(batch.input[$0, 16]) }
    #expect(lengths[0] == 4 && Set(lengths) == [1, 2, 3, 4])
    for (i, length) in lengths.enumerated() {
      for j in 0..<16 {
        #expect(batch.input[i, j] == (j < 4 * length ? samples.values[i, j] : 0))
      }
      for j in 0..<4 { #expect(batch.target[i, j] == samples.values[i, 4 * length + j]) }
    }
    for (features, hidden, words) in [
      (21, [4], "which are not three or more steps of 4"), (8, [4], "three or more steps"),
      (20, [4, 3], "has one hidden layer"),
    ] {
      choices.features = features
      choices.hidden = hidden
      let error = #expect(throws: ModelChoiceError.self) {
        try model.check(choices, data: "numbers.csv")
      }
      #expect(error?.description.contains(words) == true)
    }
  }
}
