import ArgumentParser
import FaultGallery
import GradientCheck

/// The options that say which model is checked, at which point, and how. `report`, `check` and
/// `summary` share them.
struct ModelOptions: RepeatableOptions {
  @OptionGroup var network: NetworkOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check the network and batch in this JSON file; '-' reads standard input.",
      valueName: "file"),
    transform: OptionValue.path)
  var modelFile: String?

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
    parsing: .unconditional,
    help: ArgumentHelp("The optimizers to check (default: all seven).", valueName: "name,..."),
    transform: OptionValue.optimizers)
  var optimizers: [String]?

  @OptionGroup var checking: CheckingOptions

  /// Nothing was said about the model: `report` then runs the standard cases.
  var leavesModelOpen: Bool { network.arguments.isEmpty && modelFile == nil && fault == nil }

  func validate() throws {
    if modelFile != nil, let first = network.arguments.first {
      throw ValidationError(
        "--model-file and \(first) contradict each other: the file says everything about the model "
          + "and its batch. Leave out one of the two.")
    }
    if checking.witness == .double, precision != .float {
      throw ValidationError(
        "--witness double goes with --precision float: a Double model is its own witness.")
    }
    try network.requireFit()
    let model = network.chosen
    if let fault, let own = (model as? any FaultyModel)?.fault.id {
      throw ValidationError(
        "--fault \(fault) does not go with --model \(model.name), which has the fault \(own) "
          + "already. Use --model original --bias-shared --fault \(fault).")
    }
    if let fault, network.untied || model.isUntied {
      throw ValidationError(
        "the fault \"\(fault)\" needs two uses of one kernel, and an untied model has none. "
          + "Choose a tied model.")
    }
  }

  /// What the checkers are asked.
  var settings: CheckSettings {
    let precision = precision ?? .double
    let witness: WitnessPrecision =
      switch checking.witness ?? .auto {
      case .auto: precision == .float ? .double : .own
      case .double: .double
      case .own: .own
      }
    var settings = CheckSettings(
      options: checking.checkOptions(tolerance: precision.defaultTolerance(witness: witness)))
    settings.precision = precision
    settings.witness = witness
    settings.options.measuresInDouble = witness == .double
    settings.checksSymmetry = checking.secondOrder
    if let optimizers {
      settings.subjects = optimizers.map { name in
        UpdateSubject.standard.first { $0.name == name }!
      }
    }
    if let steps = checking.steps { settings.steps = steps }
    return settings
  }

  /// The one model that was asked for.
  func prepared(for purpose: MemoryEstimate.Purpose) throws -> PreparedModel {
    if let modelFile { return try PreparedModel(modelFile: modelFile, fault: fault, for: purpose) }
    var request = network.request(seed: settings.options.seed)
    request.fault = fault
    return try request.prepared(for: purpose)
  }
}
