import GSLKit
import TiedLayers

/// What is done with a model besides running and training it: described, saved and loaded, converted,
/// differentiated sample by sample. Each of these can untie what was tied.
package struct ModelHandling: Sendable {
  /// The table of layers and totals.
  package var summarize: @Sendable (Chain<Double>, Matrix<Double>) throws -> ModelSummary
  /// Saves and loads again.
  package var reload: @Sendable (ModelFile<Double>) throws -> ModelFile<Double>
  /// The same model in single precision.
  package var convert: @Sendable (Chain<Double>) throws -> Chain<Float>
  /// What each sample contributes to the gradient.
  package var sampleGradients: @Sendable (ChainObjective<Double>) throws -> [Gradients<Double>]

  /// The right way to do each.
  package static let right = ModelHandling(
    summarize: { try ModelSummary($0, input: $1) },
    reload: { file in
      // Its own kinds too, which no list may know.
      let kinds = file.network.chain.layers.compactMap { layer -> (any SavedLayer.Type)? in
        (layer as? any SavedLayer<Double>).map { type(of: $0) }
      }
      return try ModelFile(json: file.json(), kinds: kinds)
    },
    convert: { try $0.converted() },
    sampleGradients: { try $0.network.sampleGradients($0.input, target: $0.target) })
}
