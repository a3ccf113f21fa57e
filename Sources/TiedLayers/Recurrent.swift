import GSLKit

/// A simple recurrent layer (Elman, Cognitive Science 14, 1990): one kernel at every time step.
///
///     h_0 = 0      h_t = activation(x_t Kx + h_(t-1) Kh + b)      output = h_length
///
///     input   batch x (steps * inputs + 1)   time-major: step t in columns (t-1) * inputs ..< t * inputs,
///                                            the sequence's length, from 1 to steps, in the last column
///     output  batch x units                  the state after each sequence's own last step
///
/// Kx has a slot for each step, Kh for each step but the first, b for each: backpropagation through time
/// (Werbos, Proc. IEEE 78, 1990) adds up what they contribute, and a checker tells them apart. A sequence
/// that has ended keeps its state, and contributes nothing to later steps.
public struct Recurrent<S: Scalar>: SavedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// Kx at step 1, 2, ...: inputs x units.
  public var inputKernels: [Kernel<S>]
  /// Kh at step 2, 3, ...: units x units.
  public var stateKernels: [Kernel<S>]
  /// b at step 1, 2, ...; empty for none.
  public var biases: [Parameter<S>]
  /// The function that is applied to each element of the output.
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - inputKernel: inputs x units as this layer sees it.
  ///   - stateKernel: units x units.
  ///   - bias: one element for each unit.
  ///   - steps: the length of the longest sequence.
  ///   - activation: applied to each element of the output.
  /// - Precondition: `steps` is at least 1.
  public init(
    _ name: String, inputKernel: Kernel<S>, stateKernel: Kernel<S>, bias: Parameter<S>? = nil,
    steps: Int, activation: ElementwiseFunction = .tanh
  ) {
    precondition(steps > 0, "a recurrent layer needs at least one step, not \(steps)")
    self.init(
      name: name, inputKernels: Array(repeating: inputKernel, count: steps),
      stateKernels: Array(repeating: stateKernel, count: steps - 1),
      biases: bias.map { Array(repeating: $0, count: steps) } ?? [], activation: activation)
  }

  private init(
    name: String, inputKernels: [Kernel<S>], stateKernels: [Kernel<S>], biases: [Parameter<S>],
    activation: ElementwiseFunction
  ) {
    self.name = name
    self.inputKernels = inputKernels
    self.stateKernels = stateKernels
    self.biases = biases
    self.activation = activation
  }

  /// What the summary calls this layer.
  public var kind: String { "Recurrent, \(steps) step\(steps == 1 ? "" : "s") (\(activation))" }

  /// How many time steps the layer runs at most.
  public var steps: Int { inputKernels.count }

  /// The input kernel of each step, then the state kernel of each step but the first. One Parameter
  /// may stand in all places: that is the usual tie over time.
  public var kernels: [Kernel<S>] {
    get { inputKernels + stateKernels }
    set {
      inputKernels = Array(newValue.prefix(steps))
      stateKernels = Array(newValue.dropFirst(steps))
    }
  }

  /// The step that each kernel and each bias is used at.
  public var slotNames: [String] {
    inputKernels.indices.map { "input \($0 + 1)" } + stateKernels.indices.map { "step \($0 + 2)" }
      + biases.indices.map { "step \($0 + 1)" }
  }

  // MARK: Forward

  /// One time step of a batch.
  private struct Step {
    let input: Matrix<S>
    /// The state before it, and what the activation is applied to.
    let state: Matrix<S>
    let preactivation: Matrix<S>
  }

  /// - Throws: `SequenceLengthError` for a length that is not a whole number from 1 to `steps`;
  ///   `ShapeMismatch` where input, kernels and biases do not fit together.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    try run(input).output
  }

  private func run(
    _ input: Matrix<S>
  ) throws -> (steps: [Step], lengths: [Int], output: Matrix<S>) {
    let (inputs, units) = (inputKernels[0].rows, inputKernels[0].columns)
    guard input.columns == steps * inputs + 1 else {
      throw ShapeMismatch(
        operation: "recurrent layer \"\(name)\"", given: "an input of width \(input.columns)",
        expected: "\(steps * inputs + 1): \(inputs) for each of \(steps) steps, and the length")
    }
    for bias in biases where bias.count != units {
      throw ShapeMismatch(
        operation: "recurrent layer \"\(name)\"", given: "a bias of length \(bias.count)",
        expected: "\(units), one for each unit")
    }
    let lengths = try lengths(input)
    var state = Matrix<S>(rows: input.rows, columns: units)
    var taken: [Step] = []
    for t in 0..<steps {
      let x = input.columns((t * inputs)..<((t + 1) * inputs))
      var next = try inputKernels[t].multiply(x)
      if t > 0 { try next.add(stateKernels[t - 1].multiply(state)) }
      if !biases.isEmpty { try next.addToEachRow(biases[t].values) }
      taken.append(Step(input: x, state: state, preactivation: next))
      next.apply(activation)
      state = next.replacingRows(of: state) { lengths[$0] <= t }
    }
    return (taken, lengths, state)
  }

  private func lengths(_ input: Matrix<S>) throws -> [Int] {
    try (0..<input.rows).map { row in
      let given = input[row, input.columns - 1]
      guard let length = Int(exactly: given), (1...steps).contains(length) else {
        throw SequenceLengthError(layer: name, given: Double(given), sample: row, steps: steps)
      }
      return length
    }
  }

  /// Whether a kernel or bias can change the output: some sequence of the batch must be long enough to run
  /// its step, and what the kernel multiplies there, the input or the state, must not be zero.
  public func reaches(slot: Int, at input: Matrix<S>) throws -> Bool {
    let states = 2 * steps - 1
    let step = slot < steps ? slot : slot < states ? slot - steps + 1 : slot - states
    let (taken, lengths, _) = try run(input)
    let read = slot < steps ? taken[step].input : slot < states ? taken[step].state : nil
    return lengths.indices.contains { row in
      guard lengths[row] > step, let read else { return lengths[row] > step }
      return (0..<read.columns).contains { read[row, $0] != 0 }
    }
  }

  // MARK: Backward

  /// Backpropagation through time. The cotangent of the lengths is zero: nothing can be said about a
  /// derivative by a whole number.
  public func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let (taken, lengths, output) = try run(input)
    try output.requireShape(of: cotangent, operation: "backward of recurrent layer \"\(name)\"")
    let none = Matrix<S>(rows: input.rows, columns: cotangent.columns)
    var state = cotangent
    var back: [Matrix<S>] = []
    for t in (0..<steps).reversed() {
      let step = taken[t]
      var inner = state
      try inner.multiplyByDerivative(of: activation, at: step.preactivation)
      inner = inner.replacingRows(of: none) { lengths[$0] <= t }
      try gradients.addProduct(input: step.input, cotangent: inner, to: inputKernels[t])
      if !biases.isEmpty { try gradients.addColumnSums(of: inner, to: biases[t]) }
      back.append(try inputKernels[t].multiplyAdjoint(inner))
      guard t > 0 else { break }
      try gradients.addProduct(input: step.state, cotangent: inner, to: stateKernels[t - 1])
      // A sequence that had ended passes its cotangent on as it is.
      state = try stateKernels[t - 1].multiplyAdjoint(inner)
        .replacingRows(of: state) { lengths[$0] <= t }
    }
    return try Matrix(
      sideBySide: back.reversed() + [Matrix(rows: input.rows, columns: 1)])
  }

  // MARK: In a model file

  package static var fileType: String { "recurrent" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.whole(steps, as: "steps")
    entry.kernels(inputKernels, as: "input_kernel")
    entry.kernels(stateKernels, as: "state_kernel")
    entry.biases(biases)
    entry.choice(activation, as: "activation")
  }

  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    let steps = try entry.whole("steps", in: 1...100_000)
    return Recurrent<T>(
      name: entry.name, inputKernels: try entry.kernels("input_kernel", count: steps),
      stateKernels: steps > 1 ? try entry.kernels("state_kernel", count: steps - 1) : [],
      biases: try entry.biases(count: steps),
      activation: try entry.choice("activation", default: .tanh))
  }
}

extension Matrix {
  /// The same with some rows taken from another matrix.
  fileprivate func replacingRows(of other: Matrix, where isOther: (Int) -> Bool) -> Matrix {
    var result = self
    for i in 0..<rows where isOther(i) {
      let row = (i * columns)..<((i + 1) * columns)
      result.elements.replaceSubrange(row, with: other.elements[row])
    }
    return result
  }
}

/// A number that should be the length of a sequence and is none.
public struct SequenceLengthError: Error, Equatable, CustomStringConvertible {
  /// The layer that was given the batch.
  public let layer: String
  /// The length that was given.
  public let given: Double
  /// The row of the batch, from 0.
  public let sample: Int
  /// The longest sequence that the layer takes.
  public let steps: Int

  /// What was given and what was expected.
  public var description: String {
    "recurrent layer \"\(layer)\": got the length \(given) in sample \(sample), expected a whole number "
      + "from 1 to \(steps) in the last column, behind the \(steps) steps."
  }
}
