import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// Combined mistakes in tied autoencoders, each with what a diagnosis may rightly say of it.
///
/// Every use of the shared kernel gets a factor (0 is a path that is missing, 2 one that is counted
/// twice), the gradients of the biases get one, and a multiple of the kernel may be added.
package struct CombinedBug: Sendable {
  /// By use of the kernel, in order.
  let useFactors: [Double]
  let biasFactor: Double
  /// What is added to the kernel's gradient, times the kernel.
  let decay: Double

  static func drawn(_ number: Int, uses: Int, seed: UInt64) -> CombinedBug {
    let random = RandomSource(seed: seed &* 0x9E37_79B9 &+ UInt64(number) &* 0x85EB_CA6B)
    func pick<T>(_ choices: [T]) -> T { choices[random.integer(below: choices.count)] }
    while true {
      let same = pick([1.0, 1, 0.5, 2, 3])
      let factors =
        same == 1
        ? (0..<uses).map { _ in pick([1.0, 1, 0, 2, 0.5, 1.5, -1]) }
        : [Double](repeating: same, count: uses)
      let bug = CombinedBug(
        useFactors: factors, biasFactor: pick([1, 1, same]), decay: pick([0, 0, 0, 0.01, -0.01]))
      if bug.useFactors.contains(where: { $0 != 1 }) || bug.decay != 0 || bug.biasFactor != 1 {
        return bug
      }
    }
  }

  /// Whether the kernel's uses are all scaled alike.
  private var common: Double? {
    useFactors.allSatisfy { $0 == useFactors[0] } ? useFactors[0] : nil
  }

  /// Whether a diagnosis says what is true of this bug; nil where it names nothing.
  func isTrue(_ diagnosis: Diagnosis, kernel: String, uses: [String]) -> Bool? {
    func use(_ isMeant: (Double) -> Bool) -> Bool {
      zip(uses, useFactors).contains { diagnosis.sentence.contains($0) && isMeant($1) }
    }
    let whole = diagnosis.parameter == kernel || diagnosis.parameter.isEmpty ? common : biasFactor
    switch diagnosis.id {
    case "unexplained", "ambiguous": return nil
    case "missing-path": return use { $0 == 0 }
    case "doubled-path": return use { $0 == 2 }
    case "scaled-path": return use { $0 != 0 && $0 != 1 && $0 != 2 }
    case "zero-gradient": return whole == 0
    case "doubled": return whole == 2
    case "averaged": return common == 1 / Double(uses.count)
    case "scaled", "sum-for-mean", "mean-twice": return whole.map { $0 != 1 }
    case "stray-weight-term": return decay > 0
    case "penalty-missing", "regulariser-missing", "penalty-forgotten": return decay < 0
    default: return decay != 0 || common != 1
    }
  }

  /// How many facts there are to be named.
  var facts: Int {
    (common.map { $0 == 1 ? 0 : 1 } ?? useFactors.count { $0 != 1 }) + (decay == 0 ? 0 : 1)
      + (biasFactor != 1 && biasFactor != common ? 1 : 0)
  }
}

/// How the names of combined bugs fall.
package struct BugTally: Codable, Sendable {
  package var bugs = 0
  package var convicted = 0
  /// With a name that is not true of it.
  package var wronglyNamed = 0
  /// With as many true names as there are mistakes.
  package var fullyNamed = 0
  /// With none.
  package var unnamed = 0
  package var remarks: [String] = []

  package var isSound: Bool { wronglyNamed == 0 && convicted == bugs }

  init(bugs count: Int, seed: UInt64, progress: () -> Void) throws {
    for number in 0..<count {
      try add(number, seed: seed)
      progress()
    }
  }

  private mutating func add(_ number: Int, seed: UInt64) throws {
    func make() throws -> BuggyObjective {
      let random = RandomSource(seed: seed &+ 1009 &* UInt64(number))
      let chain = try Models.autoencoder(
        features: 5 + number % 3, hidden: number % 4 == 3 ? [4, 3] : [3 + number % 4], tied: true,
        outputActivation: .identity, random: random, as: Double.self)
      let x: Matrix<Double> = random.matrix(rows: 4 + number % 3, columns: 5 + number % 3, 0, 1)
      let base = ChainObjective(
        Network(chain, loss: .meanSquaredError), input: x, target: x)
      let uses = base.uses.count { $0.parameter == 0 }
      return BuggyObjective(base, .drawn(number, uses: uses, seed: seed))
    }
    let objective = try make()
    let result = try CheckCase(
      name: "bug \(number)", model: "bug", subjects: [], scope: .ties
    ) { try make() }.run(CheckOptions(seed: UInt64(number) + 1))
    bugs += 1
    if result.verdict == .fail { convicted += 1 }
    let uses = objective.uses.filter { $0.parameter == 0 }.map(\.name)
    let kernel = objective.parameters[0].name
    let names = result.diagnoses.map { ($0, objective.bug.isTrue($0, kernel: kernel, uses: uses)) }
    let right = names.count { $0.1 == true }
    if let wrong = names.first(where: { $0.1 == false }) {
      wronglyNamed += 1
      if remarks.count < 12 {
        remarks.append("bug \(number) (\(objective.bug)): \(wrong.0.id): \(wrong.0.sentence)")
      }
    } else if right == 0 {
      unnamed += 1
    } else if right >= objective.bug.facts {
      fullyNamed += 1
    }
  }
}

/// A right network whose claims hold a combined bug.
final class BuggyObjective: SummarizedObjective {
  private let base: ChainObjective<Double>
  let bug: CombinedBug

  init(_ base: ChainObjective<Double>, _ bug: CombinedBug) {
    self.base = base
    self.bug = bug
  }

  var parameters: [any AnyParameter] { base.parameters }
  var uses: [Use] { base.uses }
  var layerNames: [String] { base.layerNames }
  var lossName: String { base.lossName }
  var batch: Int { base.batch }
  var hasEqualSamples: Bool { false }
  /// Only the sum is claimed: its parts have to be found.
  var claimsByUse: Bool { false }
  func value() throws -> Double { try base.value() }
  func pathFunction(_ use: Use) throws -> PathFunction { try base.pathFunction(use) }
  func summary() throws -> ModelSummary { try base.summary() }
  func gradientsByUse() throws -> [[Double]?] { uses.map { _ in nil } }

  func gradients() throws -> [[Double]?] {
    var sums = parameters.map { [Double](repeating: 0, count: $0.count) }
    var place = 0
    for (use, claim) in zip(uses, try base.gradientsByUse()) {
      var factor = bug.biasFactor
      if use.parameter == 0 {
        factor = bug.useFactors[place]
        place += 1
      } else if parameters[use.parameter].shape.count == 2 {
        factor = 1
      }
      if let claim {
        sums[use.parameter] = zip(sums[use.parameter], claim).map { $0 + factor * $1 }
      }
    }
    sums[0] = zip(sums[0], parameters[0].flat).map { $0 + bug.decay * $1 }
    return sums
  }
}
