import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// Random combinations of bugs in one gradient: factors of single paths and of everything, a contribution
/// that is not transposed, a multiple of the weights. Whatever is said of them must be true.
@Suite("Combined bugs")
struct CombinedBugsTests {
  /// What is done to the gradient of one parameter.
  struct Bug: CustomStringConvertible {
    /// By use, in order.
    var factors: [Double]
    /// The use whose contribution is added without transposing it.
    var turned: Int?
    /// The multiple of the weights.
    var weights = 0.0

    var isNone: Bool { turned == nil && weights == 0 && factors.allSatisfy { $0 == 1 } }
    var description: String { "\(factors) turned \(turned ?? -1) + \(weights) W" }

    /// How many things are wrong: a factor of everything is one.
    var things: Int {
      let wrong = factors.count { $0 != 1 }
      let byFactor = wrong > 1 && Set(factors).count == 1 ? 1 : wrong
      return byFactor + (turned == nil ? 0 : 1) + (weights == 0 ? 0 : 1)
    }
  }

  struct Model {
    let objective: ChainObjective<Double>
    let batch: Int
    /// By parameter.
    var bugs: [Bug]
  }

  private static let sizes: [(features: Int, hidden: [Int])] = [
    (5, [3]), (4, [4]), (6, [4]), (5, [4, 3]), (3, [3, 3]),
  ]
  private static let factors = [0, 0, 2, 0.5, 0.5, 1.5, 0.7, -1, 3, 0.25]

  /// One to three bugs, in one parameter or in all.
  static func model(_ seed: UInt64) throws -> Model {
    let random = RandomSource(seed: seed &+ 77_000)
    let size = sizes[random.integer(below: sizes.count)]
    let batch = 2 + random.integer(below: 6)
    let objective = try autoencoder(
      seed, features: size.features, hidden: size.hidden,
      biasShared: size.features == size.hidden[0] && random.integer(below: 2) == 0, batch: batch)
    func factor() -> Double { factors[random.integer(below: factors.count)] }
    var bugs = objective.parameters.indices.map { p in
      Bug(factors: objective.uses.filter { $0.parameter == p }.map { _ in 1.0 })
    }
    let count = 1 + random.integer(below: 3)
    for _ in 0..<count {
      switch random.integer(below: 6) {
      case 0:
        let f = factor()
        for p in bugs.indices { bugs[p].factors = bugs[p].factors.map { $0 * f } }
      case 1:
        let c = random.sign() * random.uniform(0.01, 0.1)
        for (p, parameter) in objective.parameters.enumerated() where parameter.shape.count == 2 {
          bugs[p].weights = c
        }
      case 2:
        let p = random.integer(below: bugs.count)
        let uses = objective.uses.filter { $0.parameter == p }
        let shape = objective.parameters[p].shape
        if shape.count == 2, shape[0] == shape[1],
          let turned = uses.indices.first(where: { uses[$0].isTransposed })
        {
          bugs[p].turned = turned
        }
      default:
        let p = random.integer(below: bugs.count)
        let use = random.integer(below: bugs[p].factors.count)
        bugs[p].factors[use] = factor()
      }
    }
    return Model(objective: objective, batch: batch, bugs: bugs)
  }

  /// The diagnoses of a model whose claims have the bugs.
  /// - Parameter byUse: whether the claims of single uses are known.
  static func diagnoses(_ model: Model, byUse: Bool) throws -> [Diagnosis] {
    let objective = model.objective
    let wrong = TamperedPaths(objective, byUse: byUse) { l, p, claim in
      let bug = model.bugs[p]
      let uses = objective.uses.filter { $0.parameter == p }
      let place = uses.firstIndex { $0.layer == l }!
      let parameter = objective.parameters[p]
      if bug.turned == place {
        claim = transposed(claim, rows: parameter.shape[0], columns: parameter.shape[1])
      }
      let values = parameter.flat
      for i in claim.indices {
        claim[i] = bug.factors[place] * claim[i] + (place == 0 ? bug.weights * values[i] : 0)
      }
    }
    let gradient = try gradientResult(wrong)
    let tie = try TieCheck().check(wrong, gradient: gradient)
    return Diagnostician(batch: model.batch, outputs: objective.target.columns).diagnose(
      gradient: gradient, tie: tie,
      values: Dictionary(uniqueKeysWithValues: objective.parameters.map { ($0.name, $0.flat) }))
  }

  /// Whether a name is true of a bug.
  private static func isTrue(
    _ id: String, _ sentence: String, _ bug: Bug, _ model: Model, uses: [Use]
  ) -> Bool {
    let same = Set(bug.factors).count == 1 ? bug.factors[0] : nil
    func use(_ predicate: (Double) -> Bool) -> Bool {
      uses.indices.contains { i in
        predicate(bug.factors[i]) && sentence.contains(uses[i].layerName)
      }
    }
    let widths = model.objective.parameters.flatMap(\.shape)
    switch id {
    case "missing-path": return use { $0 == 0 }
    case "doubled-path": return use { $0 == 2 }
    case "scaled-path": return use { ![0, 1, 2].contains($0) && sentence.contains(number($0)) }
    case "untransposed": return bug.turned != nil
    case "zero-gradient": return same == 0
    case "doubled": return same == 2
    case "averaged": return same == 1 / Double(uses.count)
    case "sum-for-mean": return same == Double(model.batch)
    case "mean-twice": return same.map { abs($0 * Double(model.batch) - 1) < 1e-9 } ?? false
    case "scaled": return same.map { $0 != 1 && sentence.contains(number($0)) } ?? false
    case "batch-factor":
      return same.map { f in
        sentence.contains(number(f))
          && widths.contains { abs(Double($0) - f) < 1e-9 || abs(Double($0) * f - 1) < 1e-9 }
          || widths.contains { abs(Double($0 * model.batch) - f) < 1e-9 }
      } ?? false
    case "stray-weight-term": return bug.weights > 0
    case "penalty-forgotten": return bug.weights < 0
    default: return false
    }
  }

  /// What was said that is not true, and whether everything that is wrong was said.
  static func judge(_ found: [Diagnosis], _ model: Model) -> (wrong: [String], isFull: Bool) {
    var wrong: [String] = []
    var isFull = true
    for (p, parameter) in model.objective.parameters.enumerated() {
      let uses = model.objective.uses.filter { $0.parameter == p }
      let own = found.filter { $0.parameter == parameter.name }
      let named = own.filter { $0.id != "unexplained" }
      for diagnosis in named {
        let ids = diagnosis.alternatives ?? [diagnosis.id]
        if !ids.contains(where: { isTrue($0, diagnosis.sentence, model.bugs[p], model, uses: uses) }
        ) {
          wrong.append("\(model.bugs[p]): \(diagnosis.id) \(diagnosis.sentence)")
        }
      }
      let said = named.reduce(0) { $0 + ($1.id == "ambiguous" ? 3 : 1) }
      if !model.bugs[p].isNone && said < model.bugs[p].things { isFull = false }
    }
    return (wrong, isFull)
  }

  @Test("of 100 combinations none is named wrongly, and most in full")
  func sample() throws {
    var (full, tried) = (0, 0)
    for seed in 1...100 as ClosedRange<UInt64> {
      let model = try Self.model(seed)
      guard model.bugs.contains(where: { !$0.isNone }) else { continue }
      let found = try Self.diagnoses(model, byUse: seed % 2 == 0)
      let (wrong, isFull) = Self.judge(found, model)
      #expect(wrong.isEmpty, "seed \(seed): \(wrong)")
      tried += 1
      if isFull { full += 1 }
    }
    #expect(Double(full) >= 0.6 * Double(tried), "\(full) of \(tried)")
  }
}
