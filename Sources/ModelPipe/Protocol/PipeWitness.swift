import Foundation
import GSLKit

/// Whose losses a program's gradient is compared with.
package enum PipeWitness: String, CaseIterable, Sendable {
  /// Those in Double where the program can answer them, its own where it cannot.
  case auto
  /// The program's own loss, computed throughout in Double at the very same numbers.
  case double
  /// The program's own, in the arithmetic that it trains in.
  case own
}

/// The losses that a check asks for, and why they are not those in Double.
struct WitnessChoice {
  let losses: PipeLosses
  let isDouble: Bool
  /// nil where the losses are in Double, or the model itself is.
  let missing: String?

  /// Rounding moves a loss by far less than that, relative to the larger of the two.
  private static let nearness = 0.05

  /// Compares the two losses at the described point first: an answer in Double that is about something
  /// else must not convict the model.
  init(
    _ asked: PipeWitness, _ description: PipeDescription, _ parameters: [PipeParameter],
    _ connection: PipeConnection
  ) throws {
    let own = PipeLosses(connection)
    func stay(_ why: String?) -> (PipeLosses, Bool, String?) { (own, false, why) }
    (losses, isDouble, missing) = try {
      guard parameters.contains(where: { $0.precision != .double }) else { return stay(nil) }
      guard asked != .own else { return stay("the check was told to use the program's own loss") }
      guard description.can.contains(PipeObjective.Capability.double.rawValue) else {
        return stay(
          description.doubleMissing.map { oneLine($0) }
            ?? "the program does not list \"double\" in \"can\"")
      }
      let double = PipeLosses(connection, witness: "double")
      let here = try own.losses([PipePoint()])[0]
      do {
        let there = try double.losses([PipePoint()])[0]
        guard abs(here - there) <= Self.nearness * max(abs(here), abs(there)) else {
          return stay(
            "the program's loss in Double is \(there), its own is \(here), and the two should be near "
              + "each other")
        }
      } catch let error as PipeError {
        guard case .refused(_, let reason) = error else { throw error }
        return stay("the program cannot answer in Double: \(reason)")
      }
      // Still better than the program's own, but no better than its own numbers can tell apart.
      if try Self.rounds(double, parameters) {
        return (
          double, false,
          "the program's loss in Double still rounds to a coarser arithmetic on the way"
        )
      }
      return (double, true, nil)
    }()
  }

  /// The noise of a loss in Double, relative to it; sums of millions of numbers stay below.
  private static let mostNoise = 3e-13
  /// Entries that are moved for it.
  private static let mostEntries = 2000

  /// Whether a loss that should be in Double is rounded on the way to the loss: its fourth differences at
  /// a spacing where those of a smooth function vanish do not. Beside the point, because a corner of the
  /// loss may lie exactly at it.
  private static func rounds(_ losses: PipeLosses, _ parameters: [PipeParameter]) throws -> Bool {
    let random = RandomSource(seed: 1)
    let share = max(mostEntries / parameters.count, 1)
    let moves = parameters.enumerated().map { p, parameter in
      let values = parameter.described
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      let scale = square > 0 ? square.squareRoot() : 1
      let places = Array(values.indices.prefix(share))
      return (p, places, places.map { (values[$0], scale * random.uniform(-1, 1)) })
    }
    let points = (0...8).map { k in
      PipePoint(
        set: moves.map { p, places, ends in
          PipeChange(
            parameter: p, at: places, to: ends.map { $0.0 + (1e-5 + 1e-7 * Double(k)) * $0.1 })
        })
    }
    var differences = try losses.losses(points)
    guard differences.allSatisfy(\.isFinite) else { return false }
    let largest = differences.map(abs).max()!
    for _ in 0..<4 { differences = zip(differences.dropFirst(), differences).map { $0 - $1 } }
    // The variance of a fourth difference is 70 times that of a number.
    let noise = (differences.reduce(0) { $0 + $1 * $1 } / (70 * 5)).squareRoot()
    return noise > mostNoise * largest
  }
}
