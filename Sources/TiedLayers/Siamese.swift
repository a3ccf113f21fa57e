import GSLKit

/// Two towers over one kernel (Bromley et al. 1993): the left half of the input goes through the one,
/// the right half through the other, and both do the same.
///
///     input   batch x (2 * inputs)     the pair, side by side
///     output  batch x (2 * outputs)    activation(x K + b), side by side
///
/// The kernel is used twice inside the layer. Several such layers make deep towers; `PairDistance`
/// ends them.
public struct Siamese<S: Scalar>: ActivatedLayer, PairLayer, SavedLayer {
  public let name: String
  /// The left tower's use and the right one's.
  public var kernels: [Kernel<S>]
  /// Left and right, or none.
  public var biases: [Parameter<S>]
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - kernel: inputs x outputs, for both towers.
  ///   - bias: one element for each output, for both towers.
  public init(
    _ name: String, kernel: Kernel<S>, bias: Parameter<S>? = nil,
    activation: ElementwiseFunction = .identity
  ) {
    self.init(
      name, kernels: [kernel, kernel], biases: bias.map { [$0, $0] } ?? [],
      activation: activation)
  }

  /// Towers that may have kernels of their own.
  private init(
    _ name: String, kernels: [Kernel<S>], biases: [Parameter<S>], activation: ElementwiseFunction
  ) {
    self.name = name
    self.kernels = kernels
    self.biases = biases
    self.activation = activation
  }

  public var kind: String {
    let word = kernels[0].parameter === kernels[1].parameter ? "Siamese" : "Two towers"
    return activation == .identity ? word : "\(word) (\(activation))"
  }

  public var slotNames: [String] {
    ["left", "right"] + (biases.isEmpty ? [] : ["left", "right"])
  }

  public func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try Matrix(
      sideBySide: zip(towers, halves(input)).map { tower, half in try tower.preactivation(half) })
  }

  public func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let outputs = kernels[0].columns
    guard preactivationCotangent.columns == 2 * outputs else {
      throw ShapeMismatch(
        operation: "backward of siamese layer \"\(name)\"",
        given: "a cotangent of width \(preactivationCotangent.columns)",
        expected: "\(2 * outputs), \(outputs) for each of the two towers")
    }
    let cotangents = [
      preactivationCotangent.columns(0..<outputs),
      preactivationCotangent.columns(outputs..<(2 * outputs)),
    ]
    var back: [Matrix<S>] = []
    for ((tower, half), cotangent) in zip(zip(towers, try halves(input)), cotangents) {
      back.append(
        try tower.backward(preactivationCotangent: cotangent, at: half, into: &gradients))
    }
    return try Matrix(sideBySide: back)
  }

  /// The layer of each tower.
  private var towers: [Dense<S>] {
    kernels.indices.map { t in
      Dense(
        "\(name), \(t == 0 ? "left" : "right") tower", kernel: kernels[t],
        bias: biases.isEmpty ? nil : biases[t])
    }
  }

  private func halves(_ input: Matrix<S>) throws -> [Matrix<S>] {
    let inputs = kernels[0].rows
    guard input.columns == 2 * inputs else {
      throw ShapeMismatch(
        operation: "siamese layer \"\(name)\"", given: "an input of width \(input.columns)",
        expected: "\(2 * inputs), \(inputs) for each of the two towers",
        hint: input.columns == 2 * kernels[0].columns
          ? "Is the kernel used the wrong way round (transposed)?" : nil)
    }
    return [input.columns(0..<inputs), input.columns(inputs..<(2 * inputs))]
  }
}

// MARK: - In a model file

extension Siamese {
  public static var fileType: String { "siamese" }

  public func write(to entry: inout LayerWriter<S>) {
    entry.kernels(kernels, as: "kernel")
    entry.biases(biases)
    entry.choice(activation, as: "activation")
  }

  public static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Siamese<T>(
      entry.name, kernels: try entry.kernels("kernel", count: 2),
      biases: try entry.biases(count: 2),
      activation: try entry.choice("activation", default: .identity))
  }
}

// MARK: - The model

extension Models {
  /// Two towers features -> hidden[0] -> ... over the same kernels and biases, and the distance between
  /// what they make of the two of a pair: input batch x (2 * features), output batch x 1, for the
  /// contrastive loss.
  public static func siamese<S: Scalar>(
    features: Int, hidden: [Int], activation: ElementwiseFunction = .tanh, random: RandomSource,
    as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(features > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 })
    let widths = [features] + hidden
    func label(_ word: String, _ i: Int) -> String { hidden.count == 1 ? word : "\(word)\(i + 1)" }
    let towers = hidden.indices.map { i in
      Siamese<S>(
        label("towers", i),
        kernel: Kernel(label("W", i), glorot(widths[i], widths[i + 1], random)),
        bias: bias(label("b", i), widths[i + 1], random), activation: activation)
    }
    return Chain(towers + [PairDistance<S>("distance")] as [any Layer<S>])
  }
}

/// Two towers on pairs of samples.
struct SiameseModel: Model {
  let name = "siamese"
  let summary = "two towers over one kernel, and the contrastive loss of pairs"
  var layers: [any SavedLayer.Type] { [Siamese<Double>.self, PairDistance<Double>.self] }
  var usual: ModelChoices { ModelChoices(features: 64) }
  let options: Set<ModelOption> = [.features, .hidden, .activation, .loss, .untied]
  let refusal = "It ends in a distance."
  var specimens: [ModelChoices] {
    [[4, 3], [3, 3], [4, 3, 2]].map { widths in
      ModelChoices(features: widths[0], hidden: Array(widths.dropFirst()), batch: 6)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    let widths = ([choices.features] + choices.hidden).map(String.init).joined(separator: "-")
    return "\(choices.isUntied ? "untied" : "tied") siamese towers \(widths)"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    zip([choices.features] + choices.hidden, choices.hidden).map { KernelShape($0, $1, uses: 2) }
  }

  func ties(_ choices: ModelChoices) -> [[String]] {
    choices.hidden.indices.map { i in
      let layer = choices.hidden.count == 1 ? "towers" : "towers\(i + 1)"
      return ["\(layer) left", "\(layer) right"]
    }
  }

  func loss(_ choices: ModelChoices) -> Loss { .contrastive }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.siamese(
      features: choices.features, hidden: choices.hidden, activation: choices.activation,
      random: random)
  }

  /// Each sample with another one: by turns one that shows the same (target 0) and one that does not
  /// (target 1), where there is such a one. Where nobody knows what samples show, any other will do.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    let values = samples.values
    guard values.rows > 1 else {
      throw ModelChoiceError(
        "--batch is 1, and --model siamese makes pairs of the batch's samples: it takes at least 2."
      )
    }
    var input = Matrix<Double>(rows: values.rows, columns: 2 * values.columns)
    var target = Matrix<Double>(rows: values.rows, columns: 1)
    for i in 0..<values.rows {
      var isApart = i % 2 == 1
      let others = random.permutation(of: values.rows).filter { $0 != i }
      var partner = others[0]
      if let labels = samples.labels {
        partner = others.first { (labels[$0] != labels[i]) == isApart } ?? partner
        isApart = labels[partner] != labels[i]
      }
      for j in 0..<values.columns {
        input[i, j] = values[i, j]
        input[i, values.columns + j] = values[partner, j]
      }
      target[i, 0] = isApart ? 1 : 0
    }
    return (input, target)
  }
}
