import ArgumentParser
import FaultGallery
import GSLKit
import TiedLayers
import TiedModels

/// The options that choose a model that ships, its sizes and its data.
struct NetworkOptions: RepeatableOptions {
  @Option(help: "The model (default: tied-autoencoder). 'tiecheck summary --help' lists them.")
  var model: ModelName?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Columns of the data (default: all of them; 64 for random data).", valueName: "n"),
    transform: OptionValue.positive)
  var features: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Widths of the encoder's layers (default: 16).", valueName: "n,..."),
    transform: OptionValue.widths)
  var hidden: [Int]?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows, chosen by the seed (default: 32; original: 7).", valueName: "n"),
    transform: OptionValue.positive)
  var batch: Int?

  @Option(help: "The activation of every layer but the last (default: tanh).")
  var activation: ElementwiseFunction?

  @Option(help: "The activation of the last layer (default: sigmoid).")
  var outputActivation: ElementwiseFunction?

  @Option(
    help: """
      The loss (default: binary_cross_entropy after a sigmoid, mean_squared_error otherwise).
      """)
  var loss: Loss?

  @Flag(help: "Let a decoder add its encoder's bias, as the well-known answer does.")
  var biasShared = false

  @Flag(help: "Give every use a parameter of its own, with the same values: the untied twin.")
  var untied = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Numbers that are the model's own.", valueName: "name=n,..."),
    transform: OptionValue.settings)
  var set: [String: Double]?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "digits, text, random, or a file: numbers as CSV, or a text for --model embedding (default: "
        + "what the model is for; random with --features).",
      valueName: "source"),
    transform: OptionValue.path)
  var data: String?

  /// - Throws: `ValidationError` where an option means nothing to the model.
  func requireFit() throws {
    let model = chosen
    let given: [(ModelOption, Bool)] = [
      (.features, features != nil), (.hidden, hidden != nil), (.activation, activation != nil),
      (.outputActivation, outputActivation != nil), (.loss, loss != nil),
      (.biasShared, biasShared), (.untied, untied),
    ]
    if let (option, _) = given.first(where: { $0.1 && !model.options.contains($0.0) }) {
      throw ValidationError(
        "--\(option.rawValue) does not go with --model \(model.name). \(model.refusal.typed)")
    }
    for (name, value) in (set ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let setting = model.settings.first(where: { $0.name == name }) else {
        let known = model.settings.map(\.name).joined(separator: ", ")
        throw ValidationError(
          "--set \(name) does not go with --model \(model.name), which has "
            + (known.isEmpty ? "no numbers of its own." : "\(known)."))
      }
      guard setting.allows(value) else {
        throw ValidationError(
          "--set \(name)=\(value) cannot be had; expected \(setting.expected) (\(setting.help)).")
      }
    }
  }

  /// The model that was chosen, or the usual one.
  var chosen: any Model { model?.model ?? ModelCatalogue.named("tied-autoencoder")! }

  /// The model at the point that a seed chooses.
  func request(seed: UInt64) -> ModelRequest {
    var request = ModelRequest(model: chosen, seed: seed)
    request.features = features
    request.batch = batch
    if let hidden { request.choices.hidden = hidden }
    if let activation { request.choices.activation = activation }
    if let outputActivation { request.choices.outputActivation = outputActivation }
    request.choices.loss = loss
    if biasShared { request.choices.biasShared = true }
    if untied { request.choices.isUntied = true }
    if let set { request.choices.settings = set }
    request.data = data.map(DataSource.init)
    return request
  }
}
