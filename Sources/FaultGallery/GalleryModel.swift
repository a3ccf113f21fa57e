import GSLKit
import GradientCheck
import TiedLayers

/// The small models that the gallery is shown on: square and not, one tied pair and two. Random
/// points, because zeros, ones and identities hide faults.
public struct GalleryModel: Sendable, CustomStringConvertible {
  public let widths: [Int]
  public let batch: Int

  public init(widths: [Int], batch: Int = 5) {
    self.widths = widths
    self.batch = batch
  }

  public static let all = [
    GalleryModel(widths: [5, 3]), GalleryModel(widths: [4, 4]), GalleryModel(widths: [5, 4, 3]),
    GalleryModel(widths: [4, 4, 4]),
  ]

  public var isSquare: Bool { Set(widths).count == 1 }

  public var description: String {
    (widths + widths.dropLast().reversed()).map(String.init).joined(separator: "-")
  }

  /// The right twin.
  public func make(_ seed: UInt64) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let chain: Chain<Double> = try Models.autoencoder(
      features: widths[0], hidden: Array(widths.dropFirst()), tied: true,
      activation: .tanh, outputActivation: .identity, random: random)
    let input: Matrix<Double> = random.matrix(rows: batch, columns: widths[0], -1, 1)
    let target: Matrix<Double> = random.matrix(rows: batch, columns: widths[0], -1, 1)
    return ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: target)
  }

  /// A fault heard on this model; nil where it cannot be had here.
  public func hear(
    _ fault: any Fault, seed: UInt64, subjects: [UpdateSubject] = UpdateSubject.standard
  ) throws -> Hearing? {
    do {
      return try Hearing(
        fault, options: CheckOptions(seed: seed), subjects: subjects
      ) { try make(seed) }
    } catch is FaultNotApplicable {
      return nil
    }
  }
}
