import CheckReport
import GSLKit
import GradientCheck
import Testing
import TiedLayers
import TiedModels

/// Records of small cases that were really run, each once.
enum Records {
  /// The original pair, a tied autoencoder, its untied twin, and a wrong twin that is meant to fail.
  static let all = record([originalPair, tied, untied, forgetful(expected: .fail)])
  /// The wrong twin alone, not announced as wrong.
  static let failing = record([forgetful(expected: .pass)])
  /// The original pair alone.
  static let passing = record([originalPair])

  /// A recurrent layer, whose uses are many.
  /// - Parameters:
  ///   - features: columns of the data; nil for those of the gallery's first model.
  ///   - subjects: how many of the standard ways to train are checked.
  static func recurrent(features: Int? = nil, subjects: Int) throws -> CheckRecord {
    let model = try #require(Models.named("recurrent"))
    var choices = model.smallSizes[0]
    if let features { choices.features = features }
    let random = RandomSource(seed: 3)
    let network: Network<Double> = try model.network(choices, random: random)
    let samples = Samples(random.matrix(rows: choices.batch, columns: choices.features))
    let batch = try model.batch(samples, choices, random: random)
    return record([
      CheckCase(
        name: "rnn", model: "recurrent", subjects: Array(UpdateSubject.standard.prefix(subjects)),
        steps: 1
      ) { ChainObjective(network, input: batch.input, target: batch.target) }
    ])
  }

  static func record(_ cases: [CheckCase], command: String = "tiecheck report --seed 7")
    -> CheckRecord
  {
    CheckRecord(
      seed: 7, command: command,
      cases: cases.map { checkCase in
        do {
          return try checkCase.run(CheckOptions(seed: 7))
        } catch {
          preconditionFailure("\(checkCase.name): \(error)")
        }
      })
  }

  static var originalPair: CheckCase {
    CheckCase(
      name: "original", model: "original", expectedTies: [["dense", "transposed_dense"]]
    ) {
      let random = RandomSource(seed: 7)
      return objective(try Models.originalPair(biasShared: false, random: random), 5, random)
    }
  }

  static var tied: CheckCase { autoencoder("tied autoencoder 6-4-6", isTied: true) }
  static var untied: CheckCase { autoencoder("untied twin", isTied: false) }

  static func autoencoder(_ name: String, isTied: Bool) -> CheckCase {
    CheckCase(
      name: name, model: isTied ? "tied-autoencoder" : "untied-autoencoder",
      expectedTies: isTied ? [["encoder", "decoder"]] : [], subjects: subjects
    ) {
      let random = RandomSource(seed: 3)
      let chain: Chain<Double> = try Models.autoencoder(
        features: 6, hidden: [4], tied: isTied, random: random)
      return objective(chain, 6, random, loss: .binaryCrossEntropy)
    }
  }

  /// A tied pair whose decoder forgets what it contributes to the kernel's gradient.
  static func forgetful(expected: Verdict) -> CheckCase {
    CheckCase(
      name: "forgetful decoder", model: "forgetful", expectedTies: [["encoder", "decoder"]],
      expected: expected, subjects: subjects
    ) {
      let random = RandomSource(seed: 3)
      var chain: Chain<Double> = try Models.autoencoder(
        features: 6, hidden: [4], tied: true, random: random)
      chain.layers[1] = Forgetful(inner: chain.layers[1] as! Dense<Double>)
      return objective(chain, 6, random)
    }
  }

  /// A pair with names that would mean something in Markdown, HTML or XML.
  static let hostile = record([
    CheckCase(name: "a|b <script> [x](y) `z` & *w*", model: "m|n", subjects: subjects) {
      let random = RandomSource(seed: 5)
      let kernel = Kernel<Double>("W|<k>", random.matrix(rows: 3, columns: 2, -1, 1))
      let chain = Chain<Double>([
        Dense("enc|<oder>", kernel: kernel, bias: nil, activation: .tanh),
        Forgetful(inner: Dense("*dec* & $o$", kernel: kernel.transposed, bias: nil)),
      ])
      return objective(chain, 3, random)
    }
  ])

  /// A layer that claims NaN; the loss itself is fine.
  static let notANumber = record([
    CheckCase(name: "not a number", model: "nan", subjects: subjects) {
      let random = RandomSource(seed: 5)
      let kernel = Kernel<Double>("W", random.matrix(rows: 3, columns: 2, -1, 1))
      let chain = Chain<Double>([NotANumber(inner: Dense("dense", kernel: kernel))])
      let input: Matrix<Double> = random.matrix(rows: 4, columns: 3, 0, 1)
      let target: Matrix<Double> = random.matrix(rows: 4, columns: 2, 0, 1)
      return ChainObjective(
        Network(chain, loss: .meanSquaredError), input: input, target: target)
    }
  ])

  /// A linear pair at W = I, where every gradient is zero and no mistake would show.
  static let vacuous = record([
    CheckCase(name: "at the identity", model: "identity", subjects: subjects) {
      let random = RandomSource(seed: 5)
      var identity = Matrix<Double>(rows: 3, columns: 3)
      for i in 0..<3 { identity[i, i] = 1 }
      let kernel = Kernel("W", identity)
      return objective(
        Chain([
          Dense("encoder", kernel: kernel), Dense("decoder", kernel: kernel.transposed),
        ]), 3, random)
    }
  ])

  /// Two layers that should share a kernel and only start with equal values.
  static let missingTie = record([
    CheckCase(
      name: "equal values", model: "copy", expectedTies: [["encoder", "decoder"]],
      subjects: subjects
    ) {
      let random = RandomSource(seed: 3)
      let chain: Chain<Double> = try Models.autoencoder(
        features: 6, hidden: [4], tied: true, random: random)
      return objective(chain.untied(), 6, random)
    }
  ])

  /// The tied autoencoder, checked along directions, and for symmetry.
  static let directions = CheckRecord(
    seed: 7, command: "tiecheck check --directions 3",
    cases: [
      try! CheckCase(
        name: "directions", model: "tied-autoencoder", subjects: subjects, checksSymmetry: true,
        makeObjective: tied.makeObjective
      ).run(CheckOptions(seed: 7, directions: 3))
    ])

  /// Rectifiers whose first sample lies just beside the corner of one unit.
  static var rectified: CheckCase {
    CheckCase(name: "rectified", model: "tied-autoencoder", subjects: []) {
      let random = RandomSource(seed: 3)
      let chain: Chain<Double> = try Models.autoencoder(
        features: 6, hidden: [12], tied: true, activation: .relu, outputActivation: .identity,
        random: random)
      let made = objective(chain, 6, random)
      let encoder = chain.layers[0]
      let products = try encoder.kernels[0].multiply(made.input)
      encoder.biases[0][5] = 1e-7 - Double(products[0, 5])
      return made
    }
  }

  private static var subjects: [UpdateSubject] {
    UpdateSubject.standard.filter { ["sgd", "adam"].contains($0.name) }
  }

  static func objective(
    _ chain: Chain<Double>, _ width: Int, _ random: RandomSource, loss: Loss = .meanSquaredError
  ) -> ChainObjective<Double> {
    let input: Matrix<Double> = random.matrix(rows: 4, columns: width, 0, 1)
    return ChainObjective(Network(chain, loss: loss), input: input, target: input)
  }
}

/// A right layer whose backward pass leaves out the kernel's contribution, and nothing else.
struct Forgetful: Layer {
  var inner: Dense<Double>

  var name: String { inner.name }
  var kind: String { inner.kind }
  var kernels: [Kernel<Double>] {
    get { inner.kernels }
    set { inner.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { inner.biases }
    set { inner.biases = newValue }
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try inner.forward(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    var own = Gradients<Double>()
    let result = try inner.backward(cotangent, at: input, into: &own)
    for bias in inner.biases {
      if let gradient = own[bias] { try gradients.add(gradient, to: bias) }
    }
    return result
  }
}

/// A right layer that adds NaN to its kernel's gradient.
struct NotANumber: Layer {
  var inner: Dense<Double>

  var name: String { inner.name }
  var kernels: [Kernel<Double>] {
    get { inner.kernels }
    set { inner.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { inner.biases }
    set { inner.biases = newValue }
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> { try inner.forward(input) }

  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    let shape = inner.kernel.parameter.shape
    var spoiled = Matrix<Double>(rows: shape[0], columns: shape[1])
    spoiled[0, 1] = .nan
    try gradients.add(spoiled, to: inner.kernel.parameter)
    return try inner.backward(cotangent, at: input, into: &gradients)
  }
}
