import GSLKit
import GradientCheck
import TiedLayers

/// One of the models that ship, at a point that the seed chooses.
struct ModelRequest {
  var model: ModelName
  var seed: UInt64
  /// Columns of the data; nil for all of them.
  var features: Int?
  var hidden = [16]
  /// Rows; nil for the model's usual number.
  var batch: Int?
  var activation = ElementwiseFunction.tanh
  var outputActivation = ElementwiseFunction.sigmoid
  /// nil for the one that goes with the last activation.
  var loss: Loss?
  var biasShared = false
  /// nil for the model's usual data.
  var data: DataSource?
  /// The id of a fault.
  var fault: String?
  /// What a report calls it; nil for a name made of the rest.
  var name: String?

  init(model: ModelName, seed: UInt64) {
    self.model = model
    self.seed = seed
  }

  /// Reads the data and makes sure that everything fits, before anything large is made.
  /// - Throws: `CommandError`.
  func prepared(for purpose: MemoryEstimate.Purpose) throws -> PreparedModel {
    let source = data ?? (model.isOriginal || features != nil ? .random : .digits)
    let table = try source.open(columns: features, usual: model.isOriginal ? 5 : 64)
    guard !model.isOriginal || table.columns == 5 else {
      throw CommandError(
        .usage,
        "\(table.name) has \(table.columns) columns, and --model \(model.rawValue) takes 5. Use "
          + "--data random, or --model tied-autoencoder.")
    }
    let rows = try table.rowCount(asked: batch, usual: model.isOriginal ? 7 : 32)
    let widths = [table.columns] + (model.isOriginal ? [5] : hidden)
    try requireBiasesFit(widths)
    try MemoryEstimate(
      kernels: Array(zip(widths, widths.dropFirst())), isTied: model != .untiedAutoencoder,
      batch: rows
    ).require(for: purpose)

    let loss = self.loss ?? usualLoss
    let batch = table.batch(rows: rows, random: RandomStream.data.source(seed: seed))
    try requireTargets(batch, of: table, suit: loss)

    let layers = try chain(widths, as: Double.self).layers.map(\.name)
    let ties = zip(layers, layers.reversed()).prefix(layers.count / 2).map { [$0, $1] }
    return try PreparedModel(
      name: name ?? usualName(widths, table), model: model.rawValue,
      ties: model == .untiedAutoencoder ? [] : ties,
      fault: model == .originalAsWritten ? "detached-copy" : fault,
      maker: Maker(request: self, widths: widths, loss: loss, batch: batch))
  }

  private struct Maker: ObjectiveMaker {
    let request: ModelRequest
    let widths: [Int]
    let loss: Loss
    let batch: Matrix<Double>

    func make<S: Scalar>(as type: S.Type) throws -> ChainObjective<S> {
      let batch = batch.converted(to: type)
      return ChainObjective(
        Network(try request.chain(widths, as: type), loss: loss), input: batch, target: batch)
    }
  }

  /// The layers, made fresh, always with the same values.
  private func chain<S: Scalar>(_ widths: [Int], as type: S.Type) throws -> Chain<S> {
    let random = RandomStream.parameters.source(seed: seed)
    if model.isOriginal {
      return try Models.originalPair(
        biasShared: biasShared || model == .originalAsWritten, random: random, as: type)
    }
    let tied = try Models.autoencoder(
      features: widths[0], hidden: Array(widths.dropFirst()), tied: true, biasShared: biasShared,
      activation: activation, outputActivation: outputActivation, random: random, as: type)
    // The untied autoencoder starts with the values of the tied one: what differs is the tie alone.
    return model == .untiedAutoencoder ? tied.untied() : tied
  }

  private var usualLoss: Loss {
    !model.isOriginal && outputActivation == .sigmoid ? .binaryCrossEntropy : .meanSquaredError
  }

  private func usualName(_ widths: [Int], _ table: DataTable) -> String {
    let shared = biasShared ? ", shared bias" : ""
    let with = PreparedModel.suffix(fault: fault)
    switch model {
    case .original: return "original pair\(shared)\(with)"
    case .originalAsWritten: return "original pair as written"
    case .tiedAutoencoder, .untiedAutoencoder:
      let kind = model == .tiedAutoencoder ? "tied" : "untied"
      let shape = (widths + widths.dropLast().reversed()).map(String.init).joined(separator: "-")
      return "\(kind) autoencoder \(shape) on \(table.name)\(shared)\(with)"
    }
  }

  // MARK: What must fit

  private func requireBiasesFit(_ widths: [Int]) throws {
    guard biasShared else { return }
    for (inputs, outputs) in zip(widths, widths.dropFirst()) where inputs != outputs {
      throw CommandError(
        .usage,
        "--bias-shared cannot be had with an encoder \(inputs) -> \(outputs): its bias has length "
          + "\(outputs), and the tied decoder has \(inputs) outputs and needs \(inputs). The "
          + "well-known answer to the question of tied layers adds the encoder's bias in both, which "
          + "is why it fails as soon as the kernel is not square, as 5 -> 5 is. Leave --bias-shared "
          + "out, or choose equal widths.")
    }
  }

  private func requireTargets(
    _ batch: Matrix<Double>, of table: DataTable, suit loss: Loss
  ) throws {
    guard loss == .binaryCrossEntropy,
      let value = batch.elements.first(where: { !(0...1).contains($0) })
    else { return }
    throw CommandError(
      .badInput,
      "\(table.name) holds \(value), and binary cross-entropy expects numbers in [0, 1], because "
        + "the data is also the target. Scale the data, or use --loss mean_squared_error with "
        + "--output-activation identity.")
  }
}
