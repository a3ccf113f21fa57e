import GSLKit
import TiedLayers

/// The models that ship: built fresh at every call, all random numbers from the given source.
public enum Models {
  /// Every model. This is the line that a new one is added to.
  package static let all: [any Model] = [
    AutoencoderModel(isUntied: false), AutoencoderModel(isUntied: true),
    OriginalPair(), SharedModel(), RecurrentModel(), ConvolutionModel(),
    EmbeddingModel(), AttentionModel(), SiameseModel(),
  ]

  /// A model by its name.
  package static func named(_ name: String) -> (any Model)? { all.first { $0.name == name } }

  /// Uniform in +-sqrt(6 / (rows + columns)) (Glorot & Bengio 2010, equation 16).
  package static func glorot<S: Scalar>(
    _ rows: Int, _ columns: Int, _ random: RandomSource
  ) -> Matrix<S> {
    let limit = (6 / Double(rows + columns)).squareRoot()
    return random.matrix(rows: rows, columns: columns, -limit, limit)
  }

  /// Small and never zero: a bias at zero would hide a forgotten one.
  package static func bias<S: Scalar>(
    _ name: String, _ count: Int, _ random: RandomSource
  ) -> Parameter<S> {
    Parameter(name, (0..<count).map { _ in S(random.uniform(-0.1, 0.1)) })
  }
}
