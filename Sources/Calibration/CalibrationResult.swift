import Foundation

/// What a calibration counted.
package struct CalibrationResult: Codable, Sendable {
  package let plan: CalibrationPlan
  package var populations: [CalibrationPopulation] = []
  package var large: LargeNetworkTally?
  package var studies: [CaseTally] = []
  package var bugs: BugTally?

  /// No right gradient was called wrong, and where input and kernels are near 1 no error of ten
  /// tolerances was accepted.
  package var isSound: Bool {
    let bands = populations.flatMap { population in
      population.bands.map { (band: $0, sizes: population.sizes) }
    }
    return bands.allSatisfy { band, sizes in
      let accepted = zip(sizes, band.rules[0].wrong).first { $0.0 == .tolerances(10) }?.1.missed
      return band.verdicts.falseFail == 0 && (band.band != .unscaled || accepted == 0)
    } && (large.map { $0.falseAlarms == 0 && $0.found == $0.networks } ?? true)
      && studies.allSatisfy(\.isSound) && (bugs?.isSound ?? true)
  }

  /// Sorted keys: the same bytes for the same result.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

/// One kind of networks in one precision.
package struct CalibrationPopulation: Codable, Sendable {
  package let kind: CalibrationPlan.Kind
  package let precision: CalibrationPlan.Precision
  package let rtol: Double
  package let sizes: [ErrorSize]
  /// In the order of `ScaleBand.allCases`.
  package var bands: [CalibrationBand]
  /// Networks that could not be checked at all, because their loss is not finite.
  package var notFinite = 0

  enum CodingKeys: String, CodingKey {
    case kind, precision, rtol, sizes, bands
    case notFinite = "not_finite"
  }

  init(kind: CalibrationPlan.Kind, precision: CalibrationPlan.Precision, rtol: Double) {
    self.kind = kind
    self.precision = precision
    self.rtol = rtol
    let sizes = ErrorSize.tried(precision)
    self.sizes = sizes
    bands = ScaleBand.allCases.map { CalibrationBand($0, sizes: sizes.count) }
  }

  /// The entries whose right gradient was weighed, saturated networks left out.
  package var entries: Int {
    bands.filter { $0.band != .saturated }.reduce(0) { $0 + $1.entries }
  }
}

/// How far from 1 a network's numbers are.
package enum ScaleBand: String, Codable, Sendable, CaseIterable {
  /// Input and kernels are near 1.
  case unscaled
  /// Input or kernels are multiplied by a power of ten from 1e-8 to 1e8.
  case scaled
  /// Some unit's input is so large that in this arithmetic its output is its limit: the loss is flat
  /// with steep edges, and most of its gradient below rounding.
  case saturated
}

/// The networks of one population in one band.
package struct CalibrationBand: Codable, Sendable {
  package let band: ScaleBand
  package var networks = 0
  /// Our rule first, then the classical ones.
  package var rules: [RuleTally]
  /// How our rule's verdicts on the right gradients fall.
  package var verdicts = VerdictTally()
  /// Right gradients that are not as close to the truth as they should be: see `Calibration`.
  package var backwardDiffers = 0
  /// What should not have happened: the first few of each sort, with the network they happened in.
  package var remarks: [CalibrationRemark] = []

  enum CodingKeys: String, CodingKey {
    case band, networks, rules, verdicts, remarks
    case backwardDiffers = "backward_differs"
  }

  init(_ band: ScaleBand, sizes: Int) {
    self.band = band
    rules = RuleTally.none(sizes: sizes)
  }

  package var entries: Int { rules[0].entries }

  private static let mostRemarks = 4

  mutating func add(_ measured: NetworkMeasurement, from network: String) {
    networks += 1
    for i in rules.indices { rules[i].add(measured.rules[i]) }
    verdicts.add(measured.verdicts)
    backwardDiffers += measured.backwardDiffers
    for remark in measured.remarks
    where remarks.count(where: { $0.sort == remark.sort }) < Self.mostRemarks {
      remarks.append(CalibrationRemark(sort: remark.sort, text: "\(network): \(remark.text)"))
    }
  }
}

/// Something that should not have happened.
package struct CalibrationRemark: Codable, Equatable, Sendable {
  package enum Sort: String, Codable, Sendable, CaseIterable {
    case falseFail = "false fail"
    case uncovered = "error above its bound"
    case backward = "backward pass off"
    case inconclusive
    case missed = "wrong entry accepted"
    case undecided = "wrong entry undecided"
    case vacuous = "vacuous within reach"
  }

  package let sort: Sort
  package let text: String
}

/// How one rule did.
package struct RuleTally: Codable, Sendable {
  package let rule: String
  /// Right entries.
  package var entries = 0
  /// Right entries that were called wrong.
  package var falseAlarms = 0
  /// Right entries that were neither accepted nor called wrong.
  package var undecided = 0
  /// Entries for which the rule stated an error bound, and those of them where it held.
  package var bounded = 0
  package var covered = 0
  /// Evaluations of the loss, everything included.
  package var evaluations = 0
  /// Wrong entries, by the size of their error.
  package var wrong: [WrongTally]

  enum CodingKeys: String, CodingKey {
    case rule, entries, undecided, bounded, covered, evaluations, wrong
    case falseAlarms = "false_alarms"
  }

  init(_ rule: String, sizes: Int) {
    self.rule = rule
    wrong = [WrongTally](repeating: WrongTally(), count: sizes)
  }

  /// Our rule and the classical ones, before anything is counted.
  static func none(sizes: Int) -> [RuleTally] {
    (["tiecheck"] + ClassicalRule.allCases.map(\.name)).map { RuleTally($0, sizes: sizes) }
  }

  mutating func add(_ other: RuleTally) {
    entries += other.entries
    falseAlarms += other.falseAlarms
    undecided += other.undecided
    bounded += other.bounded
    covered += other.covered
    evaluations += other.evaluations
    for i in wrong.indices { wrong[i].add(other.wrong[i]) }
  }
}

/// Entries made wrong by one size of error.
package struct WrongTally: Codable, Equatable, Sendable {
  package var found = 0
  /// Accepted.
  package var missed = 0
  /// Neither.
  package var undecided = 0

  package var total: Int { found + missed + undecided }

  mutating func add(_ other: WrongTally) {
    found += other.found
    missed += other.missed
    undecided += other.undecided
  }
}

/// How our rule's verdicts on right gradients fall.
package struct VerdictTally: Codable, Equatable, Sendable {
  package var pass = 0
  /// A corner of the loss, and the claimed slope between its sides: accepted.
  package var kink = 0
  /// The whole gradient is zero as far as the check can see.
  package var vacuous = 0
  /// Inconclusive entries by reason, where the tolerance is within the reach of differences.
  package var inconclusive: [String: Int] = [:]
  /// Inconclusive entries by reason, where it is not: see `Calibration`.
  package var outOfReach: [String: Int] = [:]
  /// Called wrong, though the claim lies within the tolerance of the truth.
  package var falseFail = 0
  /// Called wrong, and rightly: the model's own gradient is further off than the tolerance.
  package var trueFail = 0

  enum CodingKeys: String, CodingKey {
    case pass, kink, vacuous, inconclusive
    case outOfReach = "out_of_reach"
    case falseFail = "false_fail"
    case trueFail = "true_fail"
  }

  mutating func add(_ other: VerdictTally) {
    pass += other.pass
    kink += other.kink
    vacuous += other.vacuous
    inconclusive.merge(other.inconclusive, uniquingKeysWith: +)
    outOfReach.merge(other.outOfReach, uniquingKeysWith: +)
    falseFail += other.falseFail
    trueFail += other.trueFail
  }
}

/// Tied autoencoders 784-128-784 checked by directions, with one wrong entry in the kernel.
package struct LargeNetworkTally: Codable, Equatable, Sendable {
  package var networks = 0
  /// Right gradients that were called wrong.
  package var falseAlarms = 0
  /// Wrong gradients that failed, and those of them whose wrong entry was named.
  package var found = 0
  package var located = 0

  enum CodingKeys: String, CodingKey {
    case networks, found, located
    case falseAlarms = "false_alarms"
  }
}
