import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// The small models that the gallery is shown on: the tied ones, at the small sizes of each. Random
/// points, because zeros, ones and identities hide faults.
package struct GalleryModel: Sendable, CustomStringConvertible {
  package let model: any Model
  package let choices: ModelChoices

  package init(_ model: any Model, _ choices: ModelChoices) {
    self.model = model
    self.choices = choices
  }

  /// A tied autoencoder.
  package init(widths: [Int], batch: Int = 5) {
    let choices = ModelChoices(
      features: widths[0], hidden: Array(widths.dropFirst()), batch: batch,
      outputActivation: .identity)
    self.init(Models.named("tied-autoencoder")!, choices)
  }

  package static let all = Models.all.filter { !$0.isUntied }.flatMap { model in
    model.smallSizes.map { GalleryModel(model, $0) }
  }

  /// The first of a kind.
  static func named(_ name: String) -> GalleryModel { all.first { $0.model.name == name }! }

  package var description: String { model.title(choices) }

  /// The right twin.
  package func make(_ seed: UInt64) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let network: Network<Double> = try model.network(choices, random: random)
    let samples = Samples(random.matrix(rows: choices.batch, columns: choices.features))
    let batch = try model.batch(samples, choices, random: random)
    return ChainObjective(network, input: batch.input, target: batch.target)
  }

  /// The check of a fault on this model; nil where it cannot be had here.
  package func check(
    _ fault: any Fault, seed: UInt64, subjects: [UpdateSubject] = UpdateSubject.standard
  ) throws -> FaultCheck? {
    do {
      return try FaultCheck(
        fault, options: CheckOptions(seed: seed), subjects: subjects
      ) { try make(seed) }
    } catch is FaultNotApplicable {
      return nil
    }
  }

  /// The right twin alone.
  package func checkRight(
    seed: UInt64, subjects: [UpdateSubject] = UpdateSubject.standard
  ) throws -> CaseResult {
    try FaultCheck.checkCase([], name: description, subjects: subjects) { try make(seed) }
      .run(CheckOptions(seed: seed))
  }
}
