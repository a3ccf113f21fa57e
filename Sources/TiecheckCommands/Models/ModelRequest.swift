import FaultGallery
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// One of the models that ship, at a point that the seed chooses.
struct ModelRequest {
  var model: any Model
  var seed: UInt64
  /// What was chosen; `features` and `batch` are those of the data until somebody says otherwise.
  var choices: ModelChoices
  /// Columns of the data; nil for all of them.
  var features: Int?
  /// Rows; nil for the model's usual number.
  var batch: Int?
  /// nil for the model's usual data.
  var data: DataSource?
  /// The id of a fault.
  var fault: String?
  /// What a report calls it; nil for a name made of the rest.
  var name: String?

  init(model: any Model, seed: UInt64) {
    self.model = model
    self.seed = seed
    choices = model.usual
    choices.isUntied = model.isUntied
  }

  /// Reads the data and makes sure that everything fits, before anything large is made.
  /// - Throws: `CommandError`.
  func prepared(for purpose: MemoryEstimate.Purpose) throws -> PreparedModel {
    let asksForWidth = features != nil && !model.readsText
    let source = data ?? (asksForWidth ? .random : DataSource(model.usualData))
    let table = try source.open(columns: features, for: model)
    var choices = choices
    choices.features = table.columns
    choices.vocabulary = table.vocabulary
    try refusing { try model.check(choices, data: table.name) }
    choices.batch = try table.rowCount(asked: batch, usual: model.usual.batch)
    try MemoryEstimate(
      kernels: model.kernels(choices), isTied: !choices.isUntied, batch: choices.batch,
      besides: model.numbersBesides(choices)
    ).require(for: purpose)

    let loss = choices.loss ?? model.loss(choices)
    let random = RandomStream.data.source(seed: seed)
    let samples = table.samples(rows: choices.batch, random: random)
    let batch = try refusing { try model.batch(samples, choices, random: random) }
    try requireTargets(batch.target, of: table, suit: loss)

    return try PreparedModel(
      name: name ?? usualName(choices, table), model: model.name,
      ties: choices.isUntied ? [] : model.ties(choices),
      fault: (model as? any FaultyModel)?.fault.id ?? fault,
      origin: .request(model, choices, seed: seed, input: batch.input, target: batch.target))
  }

  private func usualName(_ choices: ModelChoices, _ table: DataTable) -> String {
    let isUsual = data == nil && features == nil && model.usualData == "random"
    return model.title(choices) + (isUsual ? "" : " on \(table.name)")
      + PreparedModel.suffix(fault: fault)
  }

  private func refusing<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as ModelChoiceError {
      throw CommandError(.usage, error.sentence.typed)
    }
  }

  private func requireTargets(
    _ target: Matrix<Double>, of table: DataTable, suit loss: Loss
  ) throws {
    guard loss == .binaryCrossEntropy,
      let value = target.elements.first(where: { !(0...1).contains($0) })
    else { return }
    throw CommandError(
      .badInput,
      "\(table.name) holds \(value), and binary cross-entropy expects numbers in [0, 1], because "
        + "the data is also the target. Scale the data, or use --loss mean_squared_error with "
        + "--output-activation identity.")
  }
}
