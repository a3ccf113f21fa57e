import GSLKit
import TiedLayers

/// Where it can be seen that something depends on a parameter in one use.
///
/// A use that changes nothing at the described point holds a copy, or it is silent there: its gate is zero,
/// its units are dead, its input or its kernel is zero. The two are told apart at other points. A use that
/// changes something at any of them reads the parameter.
enum UseDependence {
  /// At the described point.
  case here
  /// Not there, and at a point about a thousandth of the values away.
  case nearby
  /// At neither of the two, and at one far away.
  case elsewhere
  /// Only where the parameter is not a number: what is read is multiplied by zero.
  case maskedByZero
  /// At no point that was tried.
  case nowhere

  /// - Parameters:
  ///   - output: made anew at each point; what the use computes there with other values of the
  ///     parameter, nil for its values as they are.
  init(
    of parameter: any AnyParameter, in objective: any Objective, seed: UInt64,
    _ output: () throws -> (_ values: [Double]?) throws -> [Double]
  ) throws {
    let parameters = objective.parameters
    let saved = parameters.map(\.flat)
    if try Self.moves(parameter, seed: seed, output()) {
      self = .here
      return
    }
    // What cannot be computed far away says nothing.
    func isSeen(at values: [[Double]]) -> Bool {
      defer { parameters.restore(saved) }
      parameters.restore(values)
      return (try? Self.moves(parameter, seed: seed, output())) ?? false
    }
    if isSeen(at: SecondPoint(parameters, seed: seed).values) {
      self = .nearby
    } else if Self.farPoints(parameters, seed: seed).contains(where: isSeen) {
      self = .elsewhere
    } else {
      self = (try? Self.isPoisoned(parameter, output())) ?? false ? .maskedByZero : .nowhere
    }
  }

  /// Whether the output is another for other values of the parameter, near or far. Values may be tiny
  /// beside what they are added to, so that the last changes do not depend on their size.
  private static func moves(
    _ parameter: any AnyParameter, seed: UInt64, _ output: ([Double]?) throws -> [Double]
  ) throws -> Bool {
    let random = RandomSource(seed: seed)
    let values = parameter.flat
    let scale = tensorScale(values)
    let before = try output(nil)
    guard before.allSatisfy({ !$0.isNaN }) else { return false }
    return try [0.01 * scale, scale, 10 * scale, 1e8 * scale, 1e16 * scale, 1, 1e30].contains {
      size in
      try output(values.map { $0 + size * random.uniform(-1, 1) }) != before
    }
  }

  /// Zero times a number is zero whatever the number is; zero times what is no number is none. So an output
  /// that is no longer finite has read the parameter.
  private static func isPoisoned(
    _ parameter: any AnyParameter, _ output: ([Double]?) throws -> [Double]
  ) throws -> Bool {
    let count = parameter.count
    guard try output(nil).allSatisfy(\.isFinite) else { return false }
    return try [Double.nan, .infinity].contains { poison in
      try !output([Double](repeating: poison, count: count)).allSatisfy(\.isFinite)
    }
  }

  /// Points at which every number has another sign or another size: of its tensor's scale, of 1, of 0.1.
  private static func farPoints(_ parameters: [any AnyParameter], seed: UInt64) -> [[[Double]]] {
    let random = RandomSource(seed: seed &+ 0xFA5)
    func point(_ scale: ([Double]) -> Double) -> [[Double]] {
      parameters.map { parameter in
        let size = scale(parameter.flat)
        return (0..<parameter.count).map { _ in size * random.sign() * random.uniform(0.5, 1.5) }
      }
    }
    return [point(tensorScale), point { _ in 1 }, point { _ in 0.1 }, point(tensorScale)]
  }
}
