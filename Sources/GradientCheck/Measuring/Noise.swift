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
  /// of the three that stays when the points are moved closer together.
  ///
  /// In a difference table of a smooth function the smooth part dies out from level to level; noise
  /// grows in a known proportion. sigma_j = sqrt(gamma_j mean((D^j f)^2)), gamma_0 = 1,
  /// gamma_j = j / (2 (2j - 1)) gamma_{j-1}. A corner at the point dies out in no level, but it shrinks with
  /// the spacing, and noise does not.
  ///
  /// - Throws: `NonDeterministicObjective`, `NonFiniteObjective`, or what the objective throws at the point.
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
    let random = RandomSource(seed: seed)
    var evaluations = 2
    var lines = (0..<3).map { _ in
      NoiseLine(
        direction: saved.map { values in
          let scale = tensorScale(values)
          return values.map { entryScale($0, tensor: scale) * random.uniform(-1, 1) }
        }, unitRoundoff: unitRoundoff, floor: unitRoundoff / 2 * abs(value))
    }
    func losses(_ line: NoiseLine, _ spacing: Double) throws -> [Double] {
      evaluations += 9
      return try (-4...4).map { k in
        for (p, parameter) in parameters.enumerated() {
          parameter.flat = line.point(saved[p], parameter: p, Double(k), spacing: spacing)
        }
        return try nearbyLoss(function)
      }
    }
    for i in lines.indices { try lines[i].measure(losses) }
    // Only the largest counts, so only that is asked whether it stays.
    while true {
      let largest = lines.indices.max { lines[$0].deviation < lines[$1].deviation }!
      guard try lines[largest].narrow(losses) else {
        return (Noise(deviation: lines[largest].deviation, evaluations: evaluations), value)
      }
    }
  }
}
