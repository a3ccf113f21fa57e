import Foundation

/// The noise along one random direction: what nine losses at equal distances say of it.
struct NoiseLine {
  /// By parameter, in units of the spacing.
  let direction: [[Double]]
  let unitRoundoff: Double
  /// The rounding of the largest loss that was seen: no noise is smaller.
  private var floor: Double
  private var spacing: Double
  private var found: Double?
  /// What it was found in.
  private var table: DifferenceTable?

  /// Beyond this part of a tensor's size a loss is no longer flat for want of resolution: units that are dead
  /// at the point may wake up, and what they do is no noise.
  static let widestSpacing = 0x1p-10

  init(direction: [[Double]], unitRoundoff: Double, floor: Double) {
    self.direction = direction
    self.unitRoundoff = unitRoundoff
    self.floor = floor
    // Far below where the curvature of a well-scaled loss shows, far above the grid of numbers.
    spacing = Foundation.pow(unitRoundoff, 0.6)
  }

  /// The standard deviation of one loss.
  var deviation: Double { max(found ?? 0, floor) }

  typealias Losses = (_ line: NoiseLine, _ spacing: Double) throws -> [Double]

  /// Looks for a spacing at which the difference table shows noise: closer where the loss bends, wider where
  /// it does not move.
  mutating func measure(_ losses: Losses) throws {
    var smooth = Double.infinity
    var quantum = 0.0
    for _ in 0..<6 {
      let values = try losses(self, spacing)
      guard values.allSatisfy(\.isFinite) else {
        spacing /= 100
        continue
      }
      raiseFloor(values)
      let table = DifferenceTable(values)
      if let noise = table.noise {
        (found, self.table) = (noise, table)
        return
      }
      if table.isExactlyLinear {
        // A line is one at any spacing.
        spacing *= 0.37
      } else if table.mostlyFlat {
        quantum = max(quantum, table.smallestStep)
        guard spacing < Self.widestSpacing else { break }
        spacing = min(100 * spacing, Self.widestSpacing)
      } else {
        smooth = min(smooth, table.deviations[5])
        guard spacing > closest else { break }
        spacing /= 100
      }
    }
    // A loss that only ever moves in steps has been rounded to them: uniformly distributed over a step q, its
    // error deviates by q / sqrt(12).
    found = max(smooth.isFinite ? smooth : 0, quantum / 12.0.squareRoot())
  }

  /// The spacing test: whether what was found is a corner or something narrow, which shrinks with the spacing, and
  /// not noise, which stays. Noise can shrink too, where it grows with the distance from the point; but then what
  /// is left looks different, and is not yet the rounding of the loss.
  /// - Returns: whether it shrank; what is left is then measured again.
  mutating func narrow(_ losses: Losses) throws -> Bool {
    guard let before = table, deviation > 4 * floor, spacing / 16 >= closest else { return false }
    let values = try losses(self, spacing / 16)
    guard values.allSatisfy(\.isFinite) else { return false }
    let table = DifferenceTable(values)
    let left = table.noise ?? table.remainder
    guard !table.mostlyFlat, !table.isExactlyLinear, left < deviation / 8,
      table.repeats(before) || left <= 4 * floor
    else { return false }
    raiseFloor(values)
    spacing /= 16
    (found, self.table) = (left, table)
    return true
  }

  /// Closer than this the points lie on neighbouring numbers of the grid, whose rounding is not independent.
  private var closest: Double { 16 * unitRoundoff }

  private mutating func raiseFloor(_ values: [Double]) {
    floor = max(floor, unitRoundoff / 2 * values.reduce(0) { max($0, abs($1)) })
  }

  // MARK: Points

  /// The values of a parameter at the k-th of the points.
  func point(_ start: [Double], parameter: Int, _ k: Double, spacing: Double) -> [Double] {
    zip(start, direction[parameter]).map { x, d in
      x + k * representableStep(spacing * d, at: x)
    }
  }

  /// A step near `step` whose multiples up to four can be added to `x` without rounding: otherwise
  /// the unevenness of the points would be taken for noise of the function.
  private func representableStep(_ step: Double, at x: Double) -> Double {
    let top = abs(x) + 4 * abs(step)
    guard top > 0 else { return 0 }
    let grid = 4 * unitRoundoff * Double(sign: .plus, exponent: top.exponent, significand: 1)
    let rounded = (step / grid).rounded() * grid
    return rounded == 0 ? (step < 0 ? -grid : grid) : rounded
  }
}
