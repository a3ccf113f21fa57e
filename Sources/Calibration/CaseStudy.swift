import Foundation
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// A population of whole networks, each checked as a user checks it: entries, paths, second point.
package enum CaseStudy: String, Codable, Sendable, CaseIterable {
  /// Tied rectifier autoencoders 20-8, 64-16 and 256-64 in Float, with every loss.
  case autoencoders
  /// Networks on whole numbers, zero biases and blank rows: corners exactly at the point.
  case corners
  /// Values from 1e-12 to 1e12 within one tensor.
  case scales

  /// Network `number` of a study; each has a stream of its own.
  func makeObjective(_ number: Int, seed: UInt64) throws -> any SummarizedObjective {
    let random = RandomSource(seed: seed &* 0x9E37_79B9 &+ UInt64(number) &* 0xD1B5_4A33)
    switch self {
    case .autoencoders: return try autoencoder(number, random)
    case .corners: return try cornered(number, random)
    case .scales: return try scaled(random)
    }
  }

  private static let losses: [Loss] = [
    .meanSquaredError, .binaryCrossEntropy, .softmaxCrossEntropy,
  ]

  private func autoencoder(_ number: Int, _ random: RandomSource) throws -> ChainObjective<Float> {
    let (features, units) = [(20, 8), (64, 16), (256, 64)][number % 3]
    let loss = Self.losses[number / 3 % 3]
    let chain = try Models.autoencoder(
      features: features, hidden: [units], tied: true, activation: .relu,
      outputActivation: loss == .binaryCrossEntropy ? .sigmoid : .identity, random: random,
      as: Float.self)
    let input: Matrix<Float> = random.matrix(rows: 32, columns: features, 0, 1)
    return ChainObjective(
      Network(chain, loss: loss), input: input, target: Self.target(for: input, loss))
  }

  /// Rows that add up to 1 where the loss asks for probabilities.
  private static func target<S: Scalar>(for input: Matrix<S>, _ loss: Loss) -> Matrix<S> {
    guard loss == .softmaxCrossEntropy else { return input }
    var target = input
    for row in 0..<target.rows {
      var total: S = 0
      for j in 0..<target.columns { total += target[row, j] }
      for j in 0..<target.columns {
        target[row, j] = total == 0 ? 1 / S(Double(target.columns)) : target[row, j] / total
      }
    }
    return target
  }

  private func cornered(_ number: Int, _ random: RandomSource) throws -> ChainObjective<Double> {
    let features = 3 + random.integer(below: 4)
    let chain = try Models.autoencoder(
      features: features, hidden: [2 + random.integer(below: 4)], tied: number % 2 == 0,
      activation: .relu, outputActivation: number % 4 == 3 ? .relu : .identity, random: random,
      as: Double.self)
    for parameter in chain.parameters {
      parameter.flat = parameter.flat.map { _ in
        parameter.shape.count == 1 ? 0 : Double(random.integer(below: 5)) - 2
      }
    }
    var input = Matrix<Double>(rows: 4, columns: features)
    for i in input.elements.indices { input.elements[i] = Double(random.integer(below: 4)) - 1 }
    for j in 0..<features { input[0, j] = 0 }
    return ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input,
      target: random.matrix(rows: 4, columns: features, 0, 1))
  }

  /// Each input has a scale of its own, and its row of the kernel the inverse one.
  private func scaled(_ random: RandomSource) throws -> ChainObjective<Double> {
    let features = 4 + random.integer(below: 5)
    let chain = try Models.autoencoder(
      features: features, hidden: [3], tied: false, activation: .tanh,
      outputActivation: .identity, random: random, as: Double.self)
    let kernel = chain.parameters[0]
    var input: Matrix<Double> = random.matrix(rows: 5, columns: features, -1, 1)
    let target: Matrix<Double> = random.matrix(rows: 5, columns: features, 0, 1)
    for j in 0..<features {
      let scale = Foundation.pow(10, random.uniform(-12, 12))
      for row in 0..<input.rows { input[row, j] *= scale }
      for k in 0..<kernel.shape[1] { kernel[j * kernel.shape[1] + k] /= scale }
    }
    return ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: target)
  }
}

/// What a study found.
package struct CaseTally: Codable, Sendable {
  package let study: CaseStudy
  package var networks = 0
  /// How the verdicts on whole networks fall: all of them are right.
  package var verdicts: [String: Int] = [:]
  package var entries = EntryVerdicts()
  /// Entries of the paths.
  package var paths = EntryVerdicts()
  /// Errors of 1.05 times the stated sensitivity, and how many of them were convicted.
  package var spoiled = 0
  package var convicted = 0
  /// The first few networks that were called wrong, and why.
  package var remarks: [String] = []

  /// How verdicts on single entries fall.
  package struct EntryVerdicts: Codable, Sendable {
    package var total = 0
    package var fail = 0
    package var inconclusive: [String: Int] = [:]
    /// Accepted at a corner; nothing to be told.
    package var kink = 0
    package var vacuous = 0

    mutating func add(_ entries: [EntryResult]) {
      total += entries.count
      for entry in entries {
        switch entry.verdict {
        case .pass: break
        case .fail: fail += 1
        case .kink: kink += 1
        case .vacuous: vacuous += 1
        case .inconclusive: inconclusive[entry.reason ?? "no reason given", default: 0] += 1
        }
      }
    }
  }

  package var falseFails: Int { verdicts[Verdict.fail.rawValue] ?? 0 }
  package var isSound: Bool { falseFails == 0 && convicted == spoiled }

  /// - Parameters:
  ///   - networks: how many are checked.
  ///   - progress: told of each.
  init(_ study: CaseStudy, networks: Int, seed: UInt64, progress: () -> Void) throws {
    self.study = study
    for number in 0..<networks {
      try add(number, seed: seed)
      progress()
    }
  }

  private mutating func add(_ number: Int, seed: UInt64) throws {
    let study = study
    let objective = try study.makeObjective(number, seed: seed)
    let options = CheckOptions(
      rtol: CheckOptions.defaultTolerance(for: objective), seed: UInt64(number) + 1, directions: 0)
    let result = try CheckCase(
      name: "network \(number)", model: study.rawValue, subjects: [], scope: .ties
    ) {
      try study.makeObjective(number, seed: seed)
    }.run(options)
    networks += 1
    verdicts[result.verdict.rawValue, default: 0] += 1
    for tensor in result.gradient.parameters { entries.add(tensor.entries) }
    for group in result.tie.groups { for path in group.measured { paths.add(path.entries) } }
    if result.verdict == .fail, remarks.count < 8 {
      let why =
        result.gradient.reason ?? result.diagnoses.first?.sentence
        ?? result.tie.missing.first ?? "an entry or a path"
      remarks.append("network \(number) was called wrong: \(why)")
    }
    if number % 3 == 0 { try spoil(objective, result.gradient, options, number) }
  }

  /// Every third entry is moved by 1.05 times what the check says it could have seen there.
  private mutating func spoil(
    _ objective: any SummarizedObjective, _ right: GradientResult, _ options: CheckOptions,
    _ number: Int
  ) throws {
    var claims = try objective.gradients().map { $0! }
    let random = RandomSource(seed: UInt64(number) &+ 77)
    var places: [(Int, Int)] = []
    for (p, tensor) in right.parameters.enumerated() {
      for (i, entry) in tensor.entries.enumerated()
      where i % 3 == number % 3 && entry.verdict == .pass && entry.sensitivity.isFinite {
        claims[p][i] +=
          random.sign() * 1.05 * entry.sensitivity * max(abs(entry.numeric), tensor.rms)
        places.append((p, i))
      }
    }
    let result = try GradientChecker(options).check(ClaimedObjective(objective, claims))
    for (p, i) in places {
      spoiled += 1
      let entry = result.parameters[p].entries[i]
      if entry.verdict == .fail { convicted += 1 }
      if entry.verdict != .fail, remarks.count < 8 {
        remarks.append(
          "network \(number): an error of 1.05 times the sensitivity in \(result.parameters[p].name)"
            + "\(entry.index) ended in \(entry.verdict.rawValue): \(entry.reason ?? "")")
      }
    }
  }
}
