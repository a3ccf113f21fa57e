import GSLKit
import TiedLayers

/// Sequences of different lengths, and a dense layer that foretells the next step from the last state.
struct RecurrentModel: Model {
  var name: String { "recurrent" }
  var summary: String {
    "one kernel over time: reads a sequence and foretells its next step (Elman)"
  }
  var usual: ModelChoices { ModelChoices(features: 64, hidden: [8], batch: 16) }
  var options: Set<ModelOption> {
    [.features, .hidden, .activation, .outputActivation, .loss, .untied]
  }
  var refusal: ChoiceSentence {
    "A recurrent layer has one bias, and no decoder that could share it."
  }
  var settings: [ModelSetting] {
    [
      ModelSetting(
        "width", "numbers at each step; a row of the data is cut into steps", whole: 8,
        in: 1...1_000_000)
    ]
  }
  var smallSizes: [ModelChoices] {
    [(12, 3, 4), (15, 3, 3)].map { features, width, units in
      ModelChoices(
        features: features, hidden: [units], batch: 6, outputActivation: .identity,
        settings: ["width": Double(width)])
    }
  }

  private func width(_ choices: ModelChoices) -> Int { choices.whole("width", of: self) }
  /// The last step of the data is only ever a target.
  private func steps(_ choices: ModelChoices) -> Int { choices.features / width(choices) - 1 }

  func check(_ choices: ModelChoices, data: String) throws {
    let width = width(choices)
    guard choices.features % width == 0, choices.features >= 3 * width else {
      throw ModelChoiceError(
        """
        \(data) has \(choices.features) columns, which are not three or more steps of \(width) \
        numbers: two to read, one to foretell. Choose \(.setting("width=n")) so that they are.
        """)
    }
    guard choices.hidden.count == 1 else {
      throw ModelChoiceError(
        """
        \(.model(name)) has one hidden layer; \(.option(.hidden)) gives \(choices.hidden.count) \
        widths. Give one.
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    "\(choices.isUntied ? "untied " : "")recurrent network \(width(choices))-\(choices.hidden[0])"
      + "-\(width(choices)) over \(steps(choices)) steps"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    let (width, units, steps) = (width(choices), choices.hidden[0], steps(choices))
    return [
      KernelShape(width, units, uses: steps), KernelShape(units, units, uses: steps - 1),
      KernelShape(units, width, uses: 1),
    ]
  }

  func ties(_ choices: ModelChoices) -> [[String]] {
    let steps = steps(choices)
    return [(1...steps).map { "rnn input \($0)" }, (2...steps).map { "rnn step \($0)" }]
      .filter { $0.count > 1 }
  }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    let (width, units) = (width(choices), choices.hidden[0])
    return Chain([
      Recurrent(
        "rnn", inputKernel: Kernel("W_x", Models.glorot(width, units, random)),
        stateKernel: Kernel("W_h", Models.glorot(units, units, random)),
        bias: Models.bias("b", units, random), steps: steps(choices),
        activation: choices.activation),
      Dense(
        "readout", kernel: Kernel("V", Models.glorot(units, width, random)),
        bias: Models.bias("c", width, random), activation: choices.outputActivation),
    ])
  }

  /// Each row is read up to a length of its own, and the step after that is the target. The first row
  /// is as long as can be, so that every step is reached.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    let (width, steps, rows) = (width(choices), steps(choices), samples.values.rows)
    var input = Matrix<Double>(rows: rows, columns: steps * width + 1)
    var target = Matrix<Double>(rows: rows, columns: width)
    for i in 0..<rows {
      let length = i == 0 ? steps : min(1 + Int(random.uniform(0, 1) * Double(steps)), steps)
      for j in 0..<(length * width) { input[i, j] = samples.values[i, j] }
      for j in 0..<width { target[i, j] = samples.values[i, length * width + j] }
      input[i, steps * width] = Double(length)
    }
    return (input, target)
  }
}
