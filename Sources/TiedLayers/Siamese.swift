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
  /// The name that reports call this layer by, unique within its chain.
  public let name: String
  /// The left tower's use and the right one's.
  public var kernels: [Kernel<S>]
  /// Left and right, or none.
  public var biases: [Parameter<S>]
  /// The function that is applied to each element of the output.
  public let activation: ElementwiseFunction

  /// - Parameters:
  ///   - name: what reports call the layer, unique within its chain.
  ///   - kernel: inputs x outputs, for both towers.
  ///   - bias: one element for each output, for both towers.
  ///   - activation: applied to each element of the output.
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

  /// What the summary calls this layer.
  public var kind: String {
    let word = kernels[0].parameter === kernels[1].parameter ? "Siamese" : "Two towers"
    return activation == .identity ? word : "\(word) (\(activation))"
  }

  /// The tower that each kernel and each bias is used in.
  public var slotNames: [String] {
    ["left", "right"] + (biases.isEmpty ? [] : ["left", "right"])
  }

  package func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    try Matrix(
      sideBySide: zip(towers, halves(input)).map { tower, half in try tower.preactivation(half) })
  }

  package func backward(
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
  package static var fileType: String { "siamese" }

  package func write(to entry: inout LayerWriter<S>) {
    entry.kernels(kernels, as: "kernel")
    entry.biases(biases)
    entry.choice(activation, as: "activation")
  }

  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    Siamese<T>(
      entry.name, kernels: try entry.kernels("kernel", count: 2),
      biases: try entry.biases(count: 2),
      activation: try entry.choice("activation", default: .identity))
  }
}
