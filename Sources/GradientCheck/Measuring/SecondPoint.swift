import GSLKit
import TiedLayers

/// A point close to the described one, at which a check looks once more.
///
/// One point is not enough for a verdict that depends on the point: a gate at zero, dead units, a kernel
/// at zero, a corner exactly at the point, a gradient that is right at the described point alone. So every
/// number is moved by a seeded amount between 0.7 and 3 thousandths of its own size, or of its tensor's
/// scale where it is zero. The amounts are no round numbers, so that no corner is met by design. Elements
/// of fixed rows stay, because training leaves them where they are too.
///
/// The values fit into a Float wherever they are not extremely large or small: a model in Float and the
/// same model in Double can then stand at the very same point.
struct SecondPoint {
  /// The point that was described, by parameter, in row order.
  let first: [[Double]]
  /// The second point.
  let values: [[Double]]
  /// Points ten to thirty times as far away, where nothing is measured. Each shares half of its parameters
  /// with the second point (half of its elements, where there is one parameter).
  let between: [[[Double]]]

  /// - Parameters:
  ///   - unitRoundoff: that of the arithmetic which the claims are made in.
  ///   - reach: what the amounts are multiplied by.
  init(
    _ parameters: [any AnyParameter], seed: UInt64, unitRoundoff: Double = Float.unitRoundoff,
    reach: Double = 1
  ) {
    let unitRoundoff = max(unitRoundoff, Float.unitRoundoff)
    // A number of few places has few neighbours: in bfloat16 the nearest is a hundredth away.
    let reach = reach * max(1, 4e3 * unitRoundoff)
    let random = RandomSource(seed: seed &* 0x9E37_79B9 &+ 0x5EC0_0D)
    func moved(_ values: [[Double]], by reach: Double, _ isMoved: (Int, Int) -> Bool) -> [[Double]]
    {
      zip(parameters.indices, parameters).map { p, parameter in
        let scale = tensorScale(values[p])
        var result = values[p]
        for i in result.indices {
          let size = result[i] == 0 ? scale : min(scale, abs(result[i]))
          let amount = random.sign() * random.uniform(0.7e-3, 3e-3) * reach * size
          if isMoved(p, i) {
            result[i] = parameter.rounded(Self.short(result[i] + amount, unitRoundoff))
          }
        }
        for i in parameter.fixedElements { result[i] = values[p][i] }
        return result
      }
    }
    first = parameters.map(\.flat)
    let second = moved(first, by: reach) { _, _ in true }
    values = second
    let total = parameters.reduce(0) { $0 + $1.count }
    guard total <= GradientChecker.largestEntrywise else {
      // Each gradient of a large model is expensive.
      between = [moved(second, by: 10 * reach) { _, _ in true }]
      return
    }
    let order = random.permutation(of: parameters.count > 1 ? parameters.count : total)
    let half = Set(order.prefix((order.count + 1) / 2))
    let byEntry = parameters.count == 1
    between = [true, false].map { isFirstHalf in
      moved(second, by: 10 * reach) { p, i in half.contains(byEntry ? i : p) == isFirstHalf }
    }
  }

  /// The nearest number that an arithmetic can hold, but for the size of its exponents.
  private static func short(_ value: Double, _ unitRoundoff: Double) -> Double {
    guard abs(value) > 1e-30, value.isFinite else { return value }
    let grid = 2 * unitRoundoff * Double(sign: .plus, exponent: value.exponent, significand: 1)
    return (value / grid).rounded() * grid
  }

  /// Runs `body` while the parameters stand at the second point, and puts them back.
  func standing<T>(_ parameters: [any AnyParameter], _ body: () throws -> T) rethrows -> T {
    try Self.standing(parameters, at: values, body)
  }

  private static func standing<T>(
    _ parameters: [any AnyParameter], at values: [[Double]], _ body: () throws -> T
  ) rethrows -> T {
    let saved = parameters.map(\.flat)
    defer { for (parameter, values) in zip(parameters, saved) { parameter.flat = values } }
    for (parameter, values) in zip(parameters, values) { parameter.flat = values }
    return try body()
  }

  /// What `ask` answers at the second point, each time after it was asked at points between.
  ///
  /// A gradient that is kept from the call before, or kept until a certain parameter changes, is then
  /// another point's. Of the points between the first leaves one half of the parameters as they are at the
  /// second point, and the last one the other half, right after that half was somewhere else.
  /// - Returns: one answer for each point between: all equal for a function of the point.
  func asked<T>(_ parameters: [any AnyParameter], _ ask: () throws -> T) throws -> [T] {
    try between.indices.map { last in
      for elsewhere in between[...last] {
        // A model that cannot be asked there has said nothing wrong yet.
        _ = try? Self.standing(parameters, at: elsewhere, ask)
      }
      return try standing(parameters, ask)
    }
  }
}
