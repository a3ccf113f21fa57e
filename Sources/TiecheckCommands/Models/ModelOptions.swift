import ArgumentParser
import FaultGallery
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// The options that say which model is checked, at which point, and how. `report`, `check` and
/// `summary` share them.
struct ModelOptions: ParsableArguments {
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

  @Flag(help: "Give every use a parameter of its own, with the same values: the untied twin.")
  var untied = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Numbers that are the model's own.", valueName: "name=n,..."),
    transform: OptionValue.settings)
  var set: [String: Double]?

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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "digits, text, random, or a file: numbers as CSV, or a text for --model embedding (default: "
        + "what the model is for; random with --features).",
      valueName: "source"),
    transform: OptionValue.path)
  var data: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random (default: 1).", valueName: "n"),
    transform: OptionValue.seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Put this fault of the gallery into the model, and see it convicted.",
      valueName: "id"),
    transform: OptionValue.fault)
  var fault: String?

  @Option(help: "The arithmetic of the model (default: double).")
  var precision: Precision?

  @Option(
    help: ArgumentHelp(
      "Whose losses a Float model's gradient is compared with (default: own).",
      discussion: "With 'double' the same network in Double is the witness."))
  var witness: WitnessPrecision?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The relative difference that is still accepted (default: 1e-6; 1e-2 in Float, 1e-4 with a "
        + "Double witness)."),
    transform: OptionValue.fraction)
  var rtol: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The probability that noise alone exceeds its bound anywhere in the gradient (default: 0.01)."
    ),
    transform: OptionValue.fraction)
  var alpha: Double?

  @Option(help: "How derivatives are measured (default: five-point).")
  var estimator: Estimator?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check each parameter along this many random directions; 0 for every entry (default: by "
        + "size).", valueName: "n"),
    transform: OptionValue.directions)
  var directions: Int?

  @Flag(
    help: ArgumentHelp(
      "Also check that the claimed gradient's own derivatives are symmetric: whether it is the "
        + "gradient of anything."))
  var secondOrder = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The optimizers to check (default: all seven).", valueName: "name,..."),
    transform: OptionValue.optimizers)
  var optimizers: [String]?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Training steps compared with the reference (default: 5).", valueName: "n"),
    transform: OptionValue.steps)
  var steps: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check the network and batch in this JSON file; '-' reads standard input.",
      valueName: "file"),
    transform: OptionValue.path)
  var modelFile: String?

  /// The options that choose a model or its data, as they would be typed.
  var modelArguments: [String] {
    var arguments: [String] = []
    func add(_ name: String, _ value: String?) {
      if let value { arguments += [name, value] }
    }
    add("--model", model?.model.name)
    add("--features", features.map(String.init))
    add("--hidden", hidden?.map(String.init).joined(separator: ","))
    add("--batch", batch.map(String.init))
    add("--activation", activation?.rawValue)
    add("--output-activation", outputActivation?.rawValue)
    add("--loss", loss?.rawValue)
    if biasShared { arguments.append("--bias-shared") }
    if untied { arguments.append("--untied") }
    add("--set", set.map(Self.text))
    add("--data", data)
    return arguments
  }

  /// Numbers by name, as `--set` takes them.
  static func text(_ settings: [String: Double]) -> String {
    settings.sorted { $0.key < $1.key }.map { name, value in
      "\(name)=\(value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)")"
    }.joined(separator: ",")
  }

  /// Every option that has a say in the result, as it would be typed.
  var arguments: [String] {
    var arguments = modelArguments
    func add(_ name: String, _ value: String?) {
      if let value { arguments += [name, value] }
    }
    add("--model-file", modelFile)
    add("--fault", fault)
    add("--seed", seed.map { "\($0)" })
    add("--precision", precision?.rawValue)
    add("--witness", witness?.rawValue)
    add("--rtol", rtol.map { "\($0)" })
    add("--alpha", alpha.map { "\($0)" })
    add("--estimator", estimator?.rawValue)
    add("--directions", directions.map(String.init))
    if secondOrder { arguments.append("--second-order") }
    add("--optimizers", optimizers?.joined(separator: ","))
    add("--steps", steps.map(String.init))
    return arguments
  }

  /// Nothing was said about the model: `report` then runs the standard cases.
  var leavesModelOpen: Bool { modelArguments.isEmpty && modelFile == nil && fault == nil }

  func validate() throws {
    if modelFile != nil, let first = modelArguments.first {
      throw ValidationError(
        "--model-file and \(first) contradict each other: the file says everything about the model "
          + "and its batch. Leave out one of the two.")
    }
    if witness == .double, precision != .float {
      throw ValidationError(
        "--witness double goes with --precision float: a Double model is its own witness.")
    }
    let model = chosen
    let given: [(ModelOption, Bool)] = [
      (.features, features != nil), (.hidden, hidden != nil), (.activation, activation != nil),
      (.outputActivation, outputActivation != nil), (.loss, loss != nil),
      (.biasShared, biasShared), (.untied, untied),
    ]
    if let (option, _) = given.first(where: { $0.1 && !model.options.contains($0.0) }) {
      throw ValidationError(
        "--\(option.rawValue) does not go with --model \(model.name). \(model.refusal)")
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
    if let fault, let own = (model as? any FaultyModel)?.fault.id {
      throw ValidationError(
        "--fault \(fault) does not go with --model \(model.name), which has the fault \(own) "
          + "already. Use --model original --bias-shared --fault \(fault).")
    }
    if let fault, untied || model.isUntied {
      throw ValidationError(
        "the fault \"\(fault)\" needs two uses of one kernel, and an untied model has none. "
          + "Choose a tied model.")
    }
  }

  /// The model that was chosen, or the usual one.
  private var chosen: any Model { model?.model ?? ModelCatalogue.named("tied-autoencoder")! }

  /// What the checkers are asked.
  var settings: CheckSettings {
    var options = CheckOptions(seed: seed ?? CheckSettings.defaultSeed)
    let precision = precision ?? .double
    let witness = witness ?? .own
    options.rtol = rtol ?? precision.defaultTolerance(witness: witness)
    options.directions = directions
    if let alpha { options.alpha = alpha }
    if let estimator { options.estimator = estimator }
    var settings = CheckSettings(options: options)
    settings.precision = precision
    settings.witness = witness
    settings.checksSymmetry = secondOrder
    if let optimizers {
      settings.subjects = optimizers.map { name in
        UpdateSubject.standard.first { $0.name == name }!
      }
    }
    if let steps { settings.steps = steps }
    return settings
  }

  /// The one model that was asked for.
  func prepared(for purpose: MemoryEstimate.Purpose) throws -> PreparedModel {
    if let modelFile { return try PreparedModel(modelFile: modelFile, fault: fault, for: purpose) }
    var request = ModelRequest(model: chosen, seed: settings.options.seed)
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
    request.fault = fault
    return try request.prepared(for: purpose)
  }
}
