import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

@testable import FaultGallery

/// Every kind of model that a fault must be caught in: square and not, one tie and two, biases
/// shared and not.
struct Setting: CustomStringConvertible, Sendable {
  let features: Int
  let hidden: [Int]
  let biasShared: Bool

  var description: String { "\(features)-\(hidden)\(biasShared ? ", shared bias" : "")" }

  static let all = [
    Setting(features: 4, hidden: [3], biasShared: false),
    Setting(features: 3, hidden: [3], biasShared: true),
    Setting(features: 4, hidden: [3, 2], biasShared: false),
    Setting(features: 3, hidden: [3, 3], biasShared: true),
  ]

  /// A sample; `tiecheck faults --seeds 20` counts over more.
  static let seeds: ClosedRange<UInt64> = 1...8

  func chain(_ seed: UInt64, tied: Bool = true) throws -> Chain<Double> {
    try Models.autoencoder(
      features: features, hidden: hidden, tied: tied, biasShared: biasShared, activation: .tanh,
      outputActivation: .identity, random: RandomSource(seed: seed))
  }

  func objective(_ chain: Chain<Double>, _ seed: UInt64) -> ChainObjective<Double> {
    let random = RandomSource(seed: seed + 1000)
    let input = random.matrix(rows: 3, columns: features, 0.05, 0.95, as: Double.self)
    let target = random.matrix(rows: 3, columns: features, 0.05, 0.95, as: Double.self)
    return ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: target)
  }

  func right(_ seed: UInt64) throws -> ChainObjective<Double> {
    objective(try chain(seed), seed)
  }

  func wrong(_ fault: some Fault, _ seed: UInt64) throws -> ChainObjective<Double> {
    objective(try fault.wrong(chain(seed)), seed)
  }
}

func gradientResult(_ objective: any Objective) throws -> GradientResult {
  try GradientChecker().check(objective)
}

func tieResult(_ objective: any PathObjective, _ gradient: GradientResult) throws -> TieResult {
  try TieCheck().check(objective, gradient: gradient)
}

func subject(_ name: String) -> UpdateSubject {
  UpdateSubject.standard.first { $0.name == name }!
}

/// The verdict of the update check for each subject, on the model as it is.
func updates(
  _ objective: any PathObjective, _ subjects: [UpdateSubject], steps: Int = 2
) throws -> [OptimizerResult] {
  try UpdateCheck(steps: steps).check(
    objective, gradient: try gradientResult(objective), subjects
  ).optimizers
}
