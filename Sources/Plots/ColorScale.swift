import Foundation

/// How values become colours in a `HeatMap`.
package struct ColorScale: Sendable, Equatable {
  /// The run of colours.
  package enum Colors: Sendable, Equatable {
    /// Dark violet through green to bright yellow, for amounts.
    case sequential
    /// Blue through near-white to brown, for signed values; its middle is always zero unless an
    /// explicit range says otherwise.
    case diverging
  }

  /// The spacing of values along the run of colours.
  package enum Spacing: Sendable, Equatable {
    case linear
    /// Linear within ±`linearBelow` (in the values' units, positive), and beyond it one equal
    /// step per power of ten on both sides; shows ratios from 10⁻³ to 10⁶ in one picture.
    case symmetricLog(linearBelow: Double)
  }

  /// Sequential or diverging.
  package var colors: Colors
  /// Linear or symmetrically logarithmic.
  package var spacing: Spacing
  /// The values at the two ends; nil fits the data. Values outside take the colour of the nearest
  /// end, and the colour bar gets a pointed end there.
  package var range: ClosedRange<Double>?

  /// A colour scale fitted to the data unless `range` is given.
  package init(
    _ colors: Colors = .sequential, spacing: Spacing = .linear,
    range: ClosedRange<Double>? = nil
  ) {
    self.colors = colors
    self.spacing = spacing
    self.range = range
  }

  /// The number of distinct colours.
  package static let levelCount = 64

  /// The colour of `level` (0 ..< `levelCount`, clamped) as "#rrggbb".
  package func color(level: Int) -> String {
    let stops =
      colors == .sequential
      ? [
        0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
        0xfde725,
      ] : [0x08306b, 0x2f79b5, 0x9ecae1, 0xf5f4f0, 0xf6b98a, 0xd5661c, 0x7a2a04]
    let place =
      Double(min(max(level, 0), Self.levelCount - 1)) / Double(Self.levelCount - 1)
      * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let t = place - Double(index)
    let parts = [16, 8, 0].map { shift in
      let from = Double((stops[index] >> shift) & 0xff)
      let to = Double((stops[index + 1] >> shift) & 0xff)
      return String(format: "%02x", Int((from + t * (to - from)).rounded()))
    }
    return "#" + parts.joined()
  }
}

/// A colour scale with its ends and ticks fixed for given values.
struct ColorMapping {
  let scale: ColorScale
  /// The values at the two ends.
  let range: ClosedRange<Double>
  /// Places along the scale, as fractions from 0 to 1, those closest to zero first.
  let ticks: [(fraction: Double, label: String)]

  init(_ scale: ColorScale, fitting values: [Double]) {
    self.scale = scale
    let finite = values.filter(\.isFinite).map { min(max($0, -1e300), 1e300) }
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    if scale.colors == .diverging {
      high = max(abs(low), abs(high))
      low = -high
    }
    if let range = scale.range, range.lowerBound.isFinite, range.upperBound.isFinite {
      (low, high) = (max(range.lowerBound, -1e300), min(range.upperBound, 1e300))
    }
    if high - low <= 1e-12 * max(abs(low), abs(high)) || high - low < 1e-290 {
      let margin = max(abs(low), abs(high)) > 1e-290 ? max(abs(low), abs(high)) / 10 : 1
      (low, high) = (low - margin, high + margin)
    }
    range = low...high
    let (start, end) = (Self.coordinate(low, scale), Self.coordinate(high, scale))
    func fraction(_ value: Double) -> Double {
      (Self.coordinate(value, scale) - start) / (end - start)
    }
    if case .symmetricLog = scale.spacing {
      ticks = Self.decades(low...high, scale).map { (fraction($0), TextLayout.power($0)) }
    } else {
      let axis = AxisMapping(Axis(label: "", range: low...high), fitting: [], maximumTicks: 8)
      ticks = axis.ticks.sorted { abs($0.coordinate) < abs($1.coordinate) }.map {
        (axis.fraction(at: $0.coordinate), $0.label ?? "")
      }
    }
  }

  /// The place of `value` along the colours, 0 to 1; nil for NaN.
  func fraction(of value: Double) -> Double? {
    if value.isNaN { return nil }
    let inside = min(max(value, range.lowerBound), range.upperBound)
    let low = Self.coordinate(range.lowerBound, scale)
    let high = Self.coordinate(range.upperBound, scale)
    return (Self.coordinate(inside, scale) - low) / (high - low)
  }

  /// The index of the value's colour; nil for NaN.
  func level(of value: Double) -> Int? {
    fraction(of: value).map { Int(($0 * Double(ColorScale.levelCount - 1)).rounded()) }
  }

  private static func coordinate(_ value: Double, _ scale: ColorScale) -> Double {
    guard case .symmetricLog(let threshold) = scale.spacing else { return value }
    let unit = threshold > 0 && threshold.isFinite ? threshold : 1
    if abs(value) <= unit { return value / unit }
    return (value < 0 ? -1 : 1) * (1 + log10(abs(value)) - log10(unit))
  }

  /// Zero and ± the threshold times powers of ten inside `range`, thinned to about ten.
  private static func decades(
    _ range: ClosedRange<Double>, _ scale: ColorScale
  ) -> [Double] {
    guard case .symmetricLog(let threshold) = scale.spacing else { return [] }
    let unit = threshold > 0 && threshold.isFinite ? threshold : 1
    let far = max(coordinate(range.upperBound, scale), -coordinate(range.lowerBound, scale))
    let count = max(0, Int((far - 1 + 1e-9).rounded(.down)))
    let sides = range.lowerBound < 0 && range.upperBound > 0 ? 2 : 1
    let step = max(1, (count * sides + 9) / 10)
    let powers = stride(from: 0, through: count, by: step).map { power in
      // Rounding the exponent gives the power of ten itself when the threshold is one.
      let exponent = log10(unit) + Double(power)
      let nearest = exponent.rounded()
      return abs(exponent - nearest) < 1e-9 ? powerOfTen(Int(nearest)) : pow(10, exponent)
    }
    let ticks: [Double] = [0] + powers.flatMap { (power: Double) in [power, -power] }
    let (low, high) = (coordinate(range.lowerBound, scale), coordinate(range.upperBound, scale))
    return ticks.filter { (low - 1e-9...high + 1e-9).contains(coordinate($0, scale)) }
  }

  private static func powerOfTen(_ exponent: Int) -> Double {
    exponent < 0 ? 1 / pow(10, Double(-exponent)) : pow(10, Double(exponent))
  }
}
