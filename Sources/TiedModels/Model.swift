import GSLKit
import TiedLayers

/// A model that ships: what `--model` knows. It says everything that is particular to it; whoever runs,
/// checks or saves models asks it, and knows none by name.
///
/// A new kind of layer brings its model in the same file, and one line in `Models.all` lists it.
package protocol Model: Sendable {
  /// As `--model` takes it, such as "tied-autoencoder".
  var name: String { get }
  /// What it is, in a line.
  var summary: String { get }
  /// What is chosen where nobody says otherwise. `features` counts for random data only; other data
  /// bring their own.
  var usual: ModelChoices { get }
  /// The options that mean something to it.
  var options: Set<ModelOption> { get }
  /// Why the others mean nothing, and what to do, in a sentence or two.
  var refusal: ChoiceSentence { get }
  /// The numbers that are its own, for `--set`.
  var settings: [ModelSetting] { get }
  /// As `--data` takes it.
  var usualData: String { get }
  /// Whether its data are the words of a text; numbers otherwise.
  var readsText: Bool { get }
  /// Whether it is the untied twin of another.
  var isUntied: Bool { get }
  /// Sizes that are checked in a moment, for examples and tests; none for a model of one size.
  var smallSizes: [ModelChoices] { get }

  /// Refuses choices that do not fit together, before anything large is made.
  /// - Parameter data: what the data are called.
  /// - Throws: `ModelChoiceError`.
  func check(_ choices: ModelChoices, data: String) throws
  /// What a report calls it, such as "tied autoencoder 64-16-64".
  func title(_ choices: ModelChoices) -> String
  /// Its kernels, each once. Nothing of what is chosen is known to fit into memory yet.
  func kernels(_ choices: ModelChoices) -> [KernelShape]
  /// Numbers that each sample makes besides what the kernels take and give. In Double: their count may not fit
  /// an Int.
  func numbersBesides(_ choices: ModelChoices) -> Double
  /// Sets of uses that are meant to share a kernel: names of layers, or of layer and slot.
  func ties(_ choices: ModelChoices) -> [[String]]
  /// The layers, tied, all random numbers from the given source.
  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S>
  /// The loss where nobody chooses one.
  func loss(_ choices: ModelChoices) -> Loss
  /// Input and target made of rows of data.
  /// - Throws: `ModelChoiceError` for data that it cannot take.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>)
}

extension Model {
  package var refusal: ChoiceSentence { "It has no such choice." }
  package var settings: [ModelSetting] { [] }
  package var usualData: String { "digits" }
  package var readsText: Bool { false }
  package var isUntied: Bool { false }

  package func check(_ choices: ModelChoices, data: String) throws {}
  package func numbersBesides(_ choices: ModelChoices) -> Double { 0 }

  /// What the last activation can undo, or the squared error.
  package func loss(_ choices: ModelChoices) -> Loss {
    options.contains(.outputActivation) && choices.outputActivation == .sigmoid
      ? .binaryCrossEntropy : .meanSquaredError
  }

  /// The data are their own target.
  package func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    (samples.values, samples.values)
  }

  /// The loss, the layers and their ties as chosen: what is to be run.
  package func network<S: Scalar>(
    _ choices: ModelChoices, random: RandomSource, as type: S.Type = S.self
  ) throws -> Network<S> {
    let tied: Chain<S> = try chain(choices, random: random)
    // The untied twin starts with the values of the tied model: what differs is the tie alone.
    return Network(
      choices.isUntied ? tied.untied() : tied, loss: choices.loss ?? loss(choices))
  }
}

/// What can be chosen about a model.
package struct ModelChoices: Sendable {
  /// Columns of the data.
  package var features: Int
  /// How many different tokens a text holds, the padding (0) included; 0 for other data.
  package var vocabulary = 0
  /// Widths between input and output.
  package var hidden: [Int]
  /// Rows of the batch.
  package var batch: Int
  /// Of every layer but the last, and of the last.
  package var activation: ElementwiseFunction
  package var outputActivation: ElementwiseFunction
  /// nil for the model's usual one.
  package var loss: Loss?
  /// Whether a tied layer also shares the bias.
  package var biasShared = false
  /// Whether every use has a parameter of its own.
  package var isUntied = false
  /// The model's own numbers that differ from the usual ones, by name.
  package var settings: [String: Double]

  package init(
    features: Int, hidden: [Int] = [16], batch: Int = 32, activation: ElementwiseFunction = .tanh,
    outputActivation: ElementwiseFunction = .sigmoid, settings: [String: Double] = [:]
  ) {
    self.features = features
    self.hidden = hidden
    self.batch = batch
    self.activation = activation
    self.outputActivation = outputActivation
    self.settings = settings
  }

  /// A number of the model's own, as it was chosen or as it usually is.
  package func number(_ name: String, of model: some Model) -> Double {
    guard let setting = model.settings.first(where: { $0.name == name }) else {
      preconditionFailure("\(model.name) has no setting \(name)")
    }
    return settings[name] ?? setting.usual
  }

  /// The same as a whole number.
  package func whole(_ name: String, of model: some Model) -> Int { Int(number(name, of: model)) }
}

/// The choices that several models know, as the command line calls them.
package enum ModelOption: String, Sendable, CaseIterable {
  case features, hidden, activation
  case outputActivation = "output-activation"
  case loss
  case biasShared = "bias-shared"
  case untied
}

/// A number that only one model has.
package struct ModelSetting: Sendable {
  package let name: String
  /// What it is, in a few words.
  package let help: String
  package let usual: Double
  package let range: ClosedRange<Double>
  package let isWhole: Bool

  /// A whole number.
  package init(_ name: String, _ help: String, whole usual: Int, in range: ClosedRange<Int>) {
    self.name = name
    self.help = help
    self.usual = Double(usual)
    self.range = Double(range.lowerBound)...Double(range.upperBound)
    isWhole = true
  }

  /// Any number.
  package init(_ name: String, _ help: String, number usual: Double, in range: ClosedRange<Double>)
  {
    self.name = name
    self.help = help
    self.usual = usual
    self.range = range
    isWhole = false
  }

  /// Whether the number may be set so.
  package func allows(_ value: Double) -> Bool {
    range.contains(value) && (!isWhole || value == value.rounded())
  }

  /// "a whole number from 1 to 8".
  package var expected: String {
    func text(_ value: Double) -> String { isWhole ? "\(Int(value))" : "\(value)" }
    return "a \(isWhole ? "whole " : "")number from \(text(range.lowerBound)) to "
      + text(range.upperBound)
  }
}

/// A kernel that a model is going to make.
package struct KernelShape: Sendable {
  package let rows: Int
  package let columns: Int
  /// How many uses share it.
  package let uses: Int
  /// How many rows each sample puts before one use, such as the positions of a window.
  package let positions: Int

  package init(_ rows: Int, _ columns: Int, uses: Int, positions: Int = 1) {
    self.rows = rows
    self.columns = columns
    self.uses = uses
    self.positions = positions
  }
}

/// A product of sizes; the largest Int where it does not fit one, which no memory holds either.
func sizeProduct(_ one: Int, _ other: Int) -> Int {
  let (product, overflows) = one.multipliedReportingOverflow(by: other)
  return overflows ? .max : product
}

/// Rows of data, before a model makes a batch of them.
package struct Samples: Sendable {
  /// One sample in each row; of a text, the tokens before a word.
  package var values: Matrix<Double>
  /// What each row shows, where that is known; of a text, the word that follows.
  package var labels: [Int]?

  package init(_ values: Matrix<Double>, labels: [Int]? = nil) {
    self.values = values
    self.labels = labels
  }
}
