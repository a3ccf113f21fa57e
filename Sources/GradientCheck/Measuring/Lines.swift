import Foundation
import GSLKit
import TiedLayers

/// Random directions in the space of one tensor, for tensors too large to check entry by entry.
///
/// v_i = +-Uniform[0.5, 1.5], independent. Plain signs cancel on a pair of equal errors half the
/// time, at any tolerance; directions on the unit sphere shrink a single wrong entry by sqrt(P).
struct Lines {
  let vectors: [[Double]]

  /// - Parameter tensor: the tensor's place among the parameters; each gets its own directions.
  init(count: Int, entries: Int, seed: UInt64, tensor: Int) {
    let random = RandomSource(seed: seed &* 1_000_003 &+ UInt64(tensor))
    vectors = (0..<count).map { _ in
      (0..<entries).map { _ in random.sign() * random.uniform(0.5, 1.5) }
    }
  }

  /// <v, claimed> for each direction; nil for a claim of another length.
  func project(_ claimed: [Double]) -> [Double]? {
    guard claimed.count == vectors.first?.count else { return nil }
    return vectors.map { innerProduct($0, claimed) }
  }

  /// The root mean square of an entry, from the root mean square of directional slopes:
  /// E (v.g)^2 = (13/12) sum g_i^2.
  static func entryScale(_ slopeScale: Double, entries: Int) -> Double {
    slopeScale / (13.0 / 12 * Double(entries)).squareRoot()
  }

  /// The inverse: the root mean square of a slope, from that of an entry.
  static func slopeScale(_ entryScale: Double, entries: Int) -> Double {
    entryScale * (13.0 / 12 * Double(entries)).squareRoot()
  }
}

extension AnyParameter {
  /// Runs `body` while the elements of `range` stand at base + t v, and puts them back.
  func moved<T>(
    _ base: [Double], along v: [Double], by t: Double, in range: Range<Int>, _ body: () throws -> T
  ) rethrows -> T {
    var values = base
    for i in range { values[i] += t * v[i] }
    flat = values
    defer { flat = base }
    return try body()
  }
}

/// A tensor's check along lines, and the search for the wrong entries when a line fails.
struct DirectionalTensor {
  let parameter: any AnyParameter
  let lines: Lines
  let base: [Double]
  let claimed: [Double]?
  /// The loss as a function of the objective's present point.
  let value: () throws -> Double

  var task: TensorTask {
    var projected: [Double]?
    if let claimed { projected = lines.project(claimed) ?? [] }
    let whole = 0..<base.count
    return TensorTask(
      lines: parameter.name, claimed: projected, count: lines.vectors.count,
      scale: tensorScale(base), unitRoundoff: parameter.unitRoundoff
    ) { [self] line, t in
      try parameter.moved(base, along: lines.vectors[line], by: t, in: whole, value)
    }
  }

  /// Wrong entries found by halving: four evaluations a level.
  struct Located {
    var entries: [Int] = []
    /// Ranges whose halves are both within tolerance: errors too thin to follow.
    var unresolved: [Range<Int>] = []
  }

  private static let mostEntries = 8

  /// - Parameter entry: the failing line's result.
  func locate(line: Int, _ entry: EntryResult, witness: Witness) throws -> Located {
    var located = Located()
    let v = lines.vectors[line]
    // What is not finite spoils every sum it is in: no half would be within tolerance, or outside it.
    let broken = claimed!.indices.filter { !claimed![$0].isFinite }
    guard broken.isEmpty else { return Located(entries: Array(broken.prefix(Self.mostEntries))) }
    func search(_ range: Range<Int>, _ residual: Double, _ bound: Double) throws {
      guard located.entries.count < Self.mostEntries else { return }
      guard range.count > 1 else {
        located.entries.append(range.lowerBound)
        return
      }
      let middle = (range.lowerBound + range.upperBound) / 2
      let left = range.lowerBound..<middle
      let found = try witness.estimate(
        Probe(x: 0, grid: .line(unitRoundoff: parameter.unitRoundoff)) { t in
          try parameter.moved(base, along: v, by: t, in: left, value)
        }, step: entry.step)
      let leftResidual = innerProduct(Array(v[left]), Array(claimed![left])) - found.value
      let halves = [
        (left, leftResidual, found.bound),
        (middle..<range.upperBound, residual - leftResidual, bound + found.bound),
      ].filter { abs($0.1) - $0.2 > entry.tolerance }
      if halves.isEmpty { located.unresolved.append(range) }
      for (half, residual, bound) in halves.sorted(by: { abs($0.1) > abs($1.1) }) {
        try search(half, residual, bound)
      }
    }
    try search(0..<base.count, entry.analytic - entry.numeric, entry.bound)
    return located
  }
}
