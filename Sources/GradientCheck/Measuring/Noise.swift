import Foundation
import GSLKit
import TiedLayers

/// How far two evaluations of a loss at nearly the same point differ for no reason but rounding.
package struct Noise: Codable, Equatable, Sendable {
  /// The standard deviation of one evaluation, in units of the loss. Never below the floor
  /// u/2 max|f|: a result has been rounded at least once.
  package let deviation: Double
  /// Evaluations spent.
  package let evaluations: Int
}

/// The loss is not the same number when it is evaluated twice at the same point.
package struct NonDeterministicObjective: Error, Equatable, CustomStringConvertible {
  package let first: Double
  package let second: Double

  package var description: String {
    "the loss is not deterministic: at the same point it was \(first) and then \(second), a "
      + "difference of \(abs(second - first)). A finite difference of such a loss means nothing; fix "
      + "the seeds, and switch off dropout and anything else that draws random numbers."
  }
}

/// The loss at the point to be checked is not a finite number.
package struct NonFiniteObjective: Error, Equatable, CustomStringConvertible {
  package let value: Double

  package var description: String {
    "the loss at the given point is \(value), expected a finite number. Look at the input, the "
      + "target and the parameters for values that are too large or not numbers."
  }
}

extension Noise {
  /// Measures the noise at the present point by ECNoise (Moré & Wild, SIAM J. Sci. Comput. 33, 2011,
  /// section 4): nine equally spaced points along each of three random directions, and the largest
  /// of the three.
  ///
  /// In a difference table of a smooth function the smooth part dies out from level to level; noise
  /// grows in a known proportion. sigma_j = sqrt(gamma_j mean((D^j f)^2)), gamma_0 = 1,
  /// gamma_j = j / (2 (2j - 1)) gamma_{j-1}.
  ///
  /// - Throws: `NonDeterministicObjective`, `NonFiniteObjective`, or what the objective throws.
  package static func measure(_ objective: any Objective, seed: UInt64) throws -> (
    Noise, value: Double
  ) {
    try measure(objective.parameters, seed: seed) { try objective.value() }
  }

  /// The noise of any function of the parameters' present values.
  static func measure(
    _ parameters: [any AnyParameter], seed: UInt64, function: () throws -> Double
  ) throws -> (Noise, value: Double) {
    let value = try function()
    let again = try function()
    guard value.bitPattern == again.bitPattern || (value.isNaN && again.isNaN) else {
      throw NonDeterministicObjective(first: value, second: again)
    }
    guard value.isFinite else { throw NonFiniteObjective(value: value) }

    let saved = parameters.map(\.flat)
    defer { for (parameter, values) in zip(parameters, saved) { parameter.flat = values } }
    let unitRoundoff = parameters.map(\.unitRoundoff).max() ?? Double.unitRoundoff
    var evaluations = 2
    var largest = 0.0
    let random = RandomSource(seed: seed)

    for _ in 0..<3 {
      let direction = parameters.indices.map { p in
        let scale = tensorScale(saved[p])
        return saved[p].map { _ in scale * random.uniform(-1, 1) }
      }
      // Far below where the curvature of a well-scaled loss shows, far above the grid of numbers.
      var spacing = power(unitRoundoff, 0.6)
      var fallback = Double.infinity
      var found: Double?
      var floor = unitRoundoff / 2 * abs(value)
      for _ in 0..<6 where found == nil {
        var values: [Double] = []
        for k in -4...4 {
          for (p, parameter) in parameters.enumerated() {
            parameter.flat = zip(saved[p], direction[p]).map { x, d in
              x + Double(k) * representableStep(spacing * d, at: x, unitRoundoff: unitRoundoff)
            }
          }
          values.append(try function())
        }
        evaluations += values.count
        guard values.allSatisfy(\.isFinite) else {
          spacing /= 100
          continue
        }
        floor = max(floor, unitRoundoff / 2 * values.reduce(0) { max($0, abs($1)) })
        let table = DifferenceTable(values)
        found = table.noise
        fallback = min(fallback, table.deviations[5])
        spacing *= table.mostlyFlat ? 100 : 0.01
      }
      largest = max(largest, found ?? (fallback.isFinite ? fallback : 0), floor)
    }
    return (Noise(deviation: largest, evaluations: evaluations), value)
  }

  /// A step near `step` whose multiples up to four can be added to `x` without rounding: otherwise
  /// the unevenness of the points would be taken for noise of the function.
  private static func representableStep(_ step: Double, at x: Double, unitRoundoff: Double)
    -> Double
  {
    let top = abs(x) + 4 * abs(step)
    guard top > 0 else { return 0 }
    let grid = 4 * unitRoundoff * Double(sign: .plus, exponent: top.exponent, significand: 1)
    let rounded = (step / grid).rounded() * grid
    return rounded == 0 ? (step < 0 ? -grid : grid) : rounded
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    Foundation.pow(base, exponent)
  }
}

/// The size of a tensor's values: their root mean square, 1 where that is zero. Steps are measured
/// in it; a bias at zero is the common case, so no step may be proportional to the entry itself.
///
/// Values more than a thousand times the median of those that are not zero are left out: one weight of
/// 1e12 says nothing about the others, whose steps would be far too long.
package func tensorScale(_ values: [Double]) -> Double {
  let finite = values.filter(\.isFinite)
  let largest = finite.reduce(0) { max($0, abs($1)) }
  guard largest > 0 else { return 1 }
  var (moving, small) = (0, 0)
  for x in finite where x != 0 {
    moving += 1
    if abs(x) < largest / 1000 { small += 1 }
  }
  // Unless most of them are small the median is not.
  guard 2 * small > moving else { return rootMeanSquare(finite) }
  let sizes = finite.filter { $0 != 0 }.map(abs).sorted()
  let limit = 1000 * sizes[sizes.count / 2]
  return rootMeanSquare(finite.filter { abs($0) <= limit })
}

/// The difference table of ECNoise.
struct DifferenceTable {
  /// sigma_1 ... sigma_8.
  private(set) var deviations: [Double] = []
  /// Whether D^1 ... D^8 change sign.
  private(set) var changesSign: [Bool] = []
  /// Half of the first differences vanish: the spacing is too small to see anything.
  private(set) var mostlyFlat = false

  init(_ values: [Double]) {
    var differences = values
    var gamma = 1.0
    for j in 1..<values.count {
      differences = zip(differences.dropFirst(), differences).map { $0 - $1 }
      gamma *= Double(j) / (2 * (2 * Double(j) - 1))
      let mean = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
      deviations.append((gamma * mean).squareRoot())
      changesSign.append(differences.contains { $0 > 0 } && differences.contains { $0 < 0 })
      if j == 1 { mostlyFlat = 2 * differences.filter { $0 == 0 }.count >= differences.count }
    }
  }

  /// The first level whose next two agree with it within a factor of 4 and whose differences change
  /// sign; nil if there is none.
  var noise: Double? {
    if mostlyFlat { return nil }
    for j in 0..<(deviations.count - 2) where changesSign[j] {
      let window = deviations[j...(j + 2)]
      if window.max()! <= 4 * window.min()! { return deviations[j] }
    }
    return nil
  }
}
