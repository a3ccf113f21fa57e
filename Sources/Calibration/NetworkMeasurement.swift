import Foundation
import GSLKit
import GradientCheck
import TiedLayers

/// One network, weighed by every rule.
struct NetworkMeasurement {
  private let objective: any Objective
  private let rtol: Double
  private let sizes: [ErrorSize]
  private let seed: UInt64
  private let random: RandomSource
  private let unitRoundoff: Double

  private let names: [String]
  private let truth: [[Double]]
  /// The scale of each tensor's true gradient, the whole one's where the tensor is zero.
  private let scales: [Double]
  private let isWithinReach: [[Bool]]

  private(set) var rules: [RuleTally]
  private(set) var verdicts = VerdictTally()
  private(set) var backwardDiffers = 0
  private(set) var remarks: [CalibrationRemark] = []

  init<S: Scalar>(
    objective: ChainObjective<S>, reference: ReferenceNetwork, rtol: Double, sizes: [ErrorSize],
    seed: UInt64
  ) {
    self.objective = objective
    self.rtol = rtol
    self.sizes = sizes
    self.seed = seed
    let truth = reference.gradient
    self.truth = truth
    random = RandomSource(seed: seed ^ 0x00C0_FFEE)
    let parameters = objective.typedParameters
    names = parameters.map(\.name)
    unitRoundoff = S.unitRoundoff
    let rounding = S.unitRoundoff * abs(reference.value)
    let sizesOfTensors = parameters.map { parameter in
      let size = rootMeanSquare(parameter.flat)
      return size > 0 ? size : 1
    }
    let whole = rootMeanSquare(truth.flatMap { $0 })
    let scales = truth.indices.map { p in
      let own = rootMeanSquare(truth[p])
      return own * sizesOfTensors[p] > rounding ? own : whole
    }
    self.scales = scales
    isWithinReach = truth.indices.map { p in
      truth[p].map { rtol * max(abs($0), scales[p]) * sizesOfTensors[p] > rounding }
    }
    rules = RuleTally.none(sizes: sizes.count)
  }

  private func tolerance(_ p: Int, _ i: Int) -> Double { rtol * max(abs(truth[p][i]), scales[p]) }

  mutating func weigh() throws {
    let claims = try objective.gradients().map { $0! }
    try weighRight(claims)
    // Twice every third entry: the errors take turns in size, so that each falls on any entry.
    var wrong: [(claims: [[Double]], sizes: [[Int?]])] = []
    for _ in 0..<2 { wrong.append(spoil(claims)) }
    for (spoiled, places) in wrong { try weighWrong(spoiled, places) }
    try weighClassically(claims, wrong)
  }

  /// - Returns: the spoiled claims, and for each entry the size of its error, nil where it is right.
  private func spoil(_ claims: [[Double]]) -> (claims: [[Double]], sizes: [[Int?]]) {
    var spoiled = claims
    var places = claims.map { [Int?](repeating: nil, count: $0.count) }
    var turn = random.integer(below: sizes.count)
    for p in claims.indices {
      for i in stride(from: random.integer(below: 3), to: claims[p].count, by: 3) {
        let size =
          switch sizes[turn] {
          case .tolerances(let factor): factor * tolerance(p, i)
          case .ofRMS(let fraction): fraction * scales[p]
          }
        spoiled[p][i] += random.sign() * size
        // An error that is smaller than the tolerance, or lost in rounding, is none.
        if isWithinReach[p][i], abs(spoiled[p][i] - truth[p][i]) > 2 * tolerance(p, i) {
          places[p][i] = turn
        }
        turn = (turn + 1) % sizes.count
      }
    }
    return (spoiled, places)
  }

  private func check(_ claims: [[Double]]) throws -> GradientResult {
    try GradientChecker(CheckOptions(rtol: rtol, seed: seed, directions: 0))
      .check(ClaimedObjective(objective, claims))
  }

  // MARK: Our rule

  private mutating func weighRight(_ claims: [[Double]]) throws {
    let result = try check(claims)
    rules[0].evaluations += result.evaluations
    for p in truth.indices {
      for (i, entry) in result.parameters[p].entries.enumerated() {
        let error = abs(entry.numeric - truth[p][i])
        rules[0].entries += 1
        rules[0].bounded += 1
        if error <= entry.bound {
          rules[0].covered += 1
        } else {
          remark(.uncovered, p, entry, "error \(text(error)) above its bound \(text(entry.bound))")
        }
        count(entry, p, i)
        // Rounding: a few hundred times u of the tensor's scale. Float's own tolerance is far coarser
        // than that; a Float backward pass is held to it instead.
        let allowed =
          unitRoundoff < 1e-10
          ? 1e-11 * max(abs(truth[p][i]), scales[p]) : tolerance(p, i)
        if abs(claims[p][i] - truth[p][i]) > allowed {
          backwardDiffers += 1
          remark(
            .backward, p, entry, "the backward pass is off by \(text(claims[p][i] - truth[p][i]))")
        }
      }
    }
  }

  private mutating func count(_ entry: EntryResult, _ p: Int, _ i: Int) {
    switch entry.verdict {
    case .pass: verdicts.pass += 1
    case .kink: verdicts.kink += 1
    case .vacuous:
      verdicts.vacuous += 1
      if isWithinReach[p][i] { remark(.vacuous, p, entry, "bound \(text(entry.bound))") }
    case .inconclusive:
      let reason = entry.reason ?? "no reason given"
      rules[0].undecided += 1
      if isWithinReach[p][i] {
        verdicts.inconclusive[reason, default: 0] += 1
        remark(.inconclusive, p, entry, "\(reason): bound \(text(entry.bound))")
      } else {
        verdicts.outOfReach[reason, default: 0] += 1
      }
    case .fail:
      if abs(entry.analytic - truth[p][i]) > tolerance(p, i) {
        verdicts.trueFail += 1
      } else {
        verdicts.falseFail += 1
        rules[0].falseAlarms += 1
        remark(.falseFail, p, entry, "\(text(entry.difference)) above \(text(entry.tolerance))")
      }
    }
  }

  private mutating func weighWrong(_ claims: [[Double]], _ places: [[Int?]]) throws {
    let result = try check(claims)
    for p in truth.indices {
      for (i, entry) in result.parameters[p].entries.enumerated() {
        guard let size = places[p][i] else { continue }
        switch entry.verdict {
        case .fail: rules[0].wrong[size].found += 1
        case .pass, .kink:
          rules[0].wrong[size].missed += 1
          remark(.missed, p, entry, "an error of \(sizes[size]) ended in \(entry.verdict)")
        case .inconclusive, .vacuous:
          rules[0].wrong[size].undecided += 1
          remark(
            .undecided, p, entry,
            "an error of \(sizes[size]): \(entry.reason ?? entry.verdict.rawValue)")
        }
      }
    }
  }

  // MARK: The classical rules

  private mutating func weighClassically(
    _ claims: [[Double]], _ wrong: [(claims: [[Double]], sizes: [[Int?]])]
  ) throws {
    let parameters = objective.parameters
    for (r, rule) in ClassicalRule.allCases.enumerated() {
      for p in truth.indices {
        for i in truth[p].indices {
          let saved = parameters[p][i]
          defer { parameters[p][i] = saved }
          let measured = try rule.measure(at: saved) { point in
            parameters[p][i] = point
            return try objective.value()
          }
          rules[r + 1].entries += 1
          rules[r + 1].evaluations += measured.evaluations
          if let bound = measured.bound {
            rules[r + 1].bounded += 1
            if abs(measured.value - truth[p][i]) <= bound { rules[r + 1].covered += 1 }
          }
          if !rule.accepts(claims[p][i], measured),
            abs(claims[p][i] - truth[p][i]) <= tolerance(p, i)
          {
            rules[r + 1].falseAlarms += 1
          }
          for (spoiled, places) in wrong {
            guard let size = places[p][i] else { continue }
            if rule.accepts(spoiled[p][i], measured) {
              rules[r + 1].wrong[size].missed += 1
            } else {
              rules[r + 1].wrong[size].found += 1
            }
          }
        }
      }
    }
  }

  // MARK: Remarks

  private mutating func remark(
    _ sort: CalibrationRemark.Sort, _ p: Int, _ entry: EntryResult, _ words: String
  ) {
    let place = names[p] + entry.index.description
    remarks.append(
      CalibrationRemark(
        sort: sort,
        text: "\(place): \(words); measured \(text(entry.numeric)) with step \(text(entry.step))"))
  }

  private func text(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// An objective with another claim.
struct ClaimedObjective: Objective {
  private let base: any Objective
  private let claims: [[Double]]

  init(_ base: any Objective, _ claims: [[Double]]) {
    self.base = base
    self.claims = claims
  }

  var parameters: [any AnyParameter] { base.parameters }
  func value() throws -> Double { try base.value() }
  func gradients() throws -> [[Double]?] { claims }
  func doubleTwin() -> (any Objective)? { base.doubleTwin() }
  var claimsAtOnePoint: Bool { true }
}
