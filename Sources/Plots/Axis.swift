import Foundation

/// How values are spread along an axis.
package enum AxisScale: Sendable, Equatable {
  /// Equal distances for equal differences.
  case linear
  /// Equal distances for equal ratios; each power of ten takes the same length.
  case log10
}

/// What one axis of a plot shows.
package struct Axis: Sendable, Equatable {
  /// The words beside the axis, with the unit if there is one.
  package var label: String
  /// Linear or logarithmic.
  package var scale: AxisScale
  /// The values at the two ends, in the data's units; nil fits the axis to the data. Values
  /// outside are drawn at the edge with an open marker. On a log axis, an explicit range with a
  /// bound that is not positive is ignored.
  package var range: ClosedRange<Double>?

  /// An axis called `label`, fitted to the data unless `range` is given.
  package init(label: String, scale: AxisScale = .linear, range: ClosedRange<Double>? = nil) {
    self.label = label
    self.scale = scale
    self.range = range
  }
}

/// A mark on an axis.
package struct Tick: Sendable, Equatable {
  /// Where the mark lies: the value on a linear axis, its decimal logarithm on a log axis.
  package var coordinate: Double
  /// The number beside the mark; nil for a minor tick.
  package var label: String?

  /// A tick at `coordinate`, minor if `label` is nil.
  package init(coordinate: Double, label: String?) {
    self.coordinate = coordinate
    self.label = label
  }
}

/// Where a value falls along an axis.
package struct AxisPosition: Sendable, Equatable {
  /// 0 at the lower end of the axis, 1 at the upper end, never outside.
  package var fraction: Double
  /// Whether the value lies beyond the axis, so that `fraction` is only the nearest end. Zero and
  /// negative values on a log axis are clipped to the lower end.
  package var isClipped: Bool
}

/// An axis with its ends and ticks fixed for given data.
package struct AxisMapping: Sendable, Equatable {
  /// Linear or logarithmic.
  package let scale: AxisScale
  /// The lower end, in the coordinate of `Tick.coordinate`.
  package let lower: Double
  /// The upper end, in the coordinate of `Tick.coordinate`; always above `lower`.
  package let upper: Double
  /// Labelled and minor ticks, from `lower` to `upper`.
  package let ticks: [Tick]

  /// Fits `axis` to `values` (NaN and infinite values are ignored, and so are values that are not
  /// positive on a log axis). The ends fall on ticks unless the axis has an explicit range.
  /// At most `maximumTicks` labels (at least 3), but up to 6 where a log axis spans less than
  /// two decades.
  package init(_ axis: Axis, fitting values: [Double], maximumTicks: Int = 7) {
    scale = axis.scale
    switch axis.scale {
    case .linear: (lower, upper, ticks) = Self.linear(axis.range, values, max(3, maximumTicks))
    case .log10: (lower, upper, ticks) = Self.log(axis.range, values, max(3, maximumTicks))
    }
  }

  /// Where `value` (in the data's units) falls; nil for NaN and infinite values.
  package func locate(_ value: Double) -> AxisPosition? {
    guard value.isFinite else { return nil }
    if scale == .log10 && value <= 0 { return AxisPosition(fraction: 0, isClipped: true) }
    let fraction = fraction(at: scale == .linear ? value : log10(value))
    return AxisPosition(
      fraction: min(max(fraction, 0), 1), isClipped: fraction < -1e-9 || fraction > 1 + 1e-9)
  }

  /// The place of a tick's coordinate: 0 at the lower end, 1 at the upper end.
  package func fraction(at coordinate: Double) -> Double { (coordinate - lower) / (upper - lower) }

  /// The largest estimated label width in pixels at font size `size`.
  func labelWidth(size: Double) -> Double {
    ticks.compactMap(\.label).map { TextLayout.width($0, size: size) }.max() ?? 0
  }

  /// The mapping with the most labels (3 to 10) that fit side by side into `width` pixels.
  static func horizontal(_ axis: Axis, fitting values: [Double], width: Double) -> AxisMapping {
    for count in stride(from: 10, to: 3, by: -1) {
      let mapping = AxisMapping(axis, fitting: values, maximumTicks: count)
      let labels = Double(mapping.ticks.count { $0.label != nil })
      if labels * (mapping.labelWidth(size: 12) + 18) <= width { return mapping }
    }
    return AxisMapping(axis, fitting: values, maximumTicks: 3)
  }

  // MARK: Linear ticks

  private static func linear(
    _ range: ClosedRange<Double>?, _ values: [Double], _ maximumTicks: Int
  ) -> (Double, Double, [Tick]) {
    let bounds = range.map { [$0.lowerBound, $0.upperBound] } ?? values
    let finite = bounds.filter(\.isFinite).map { min(max($0, -1e300), 1e300) }
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    let size = max(abs(low), abs(high))
    if high - low <= max(1e-12 * size, 1e-290) {
      let margin = size > 1e-290 ? size / 10 : 1
      (low, high) = (low - margin, high + margin)
    }
    var power = Int(Foundation.log10((high - low) / Double(maximumTicks)).rounded(.down))
    while true {
      for multiple in [1.0, 2, 5] {
        // Dividing by a positive power of ten keeps ticks such as 0.3 free of rounding noise.
        func value(_ index: Double) -> Double {
          power < 0
            ? index * multiple / pow(10, Double(-power)) : index * multiple * pow(10, Double(power))
        }
        let isFitted = range == nil
        let first = (low / value(1) + (isFitted ? 1e-9 : -1e-9)).rounded(isFitted ? .down : .up)
        let last = (high / value(1) + (isFitted ? -1e-9 : 1e-9)).rounded(isFitted ? .up : .down)
        if last - first + 1 > Double(maximumTicks) { continue }
        let positions = stride(from: first, through: last, by: 1).map(value)
        let largest = max(abs(low), abs(high))
        let ticks = positions.map {
          Tick(coordinate: $0, label: linearLabel($0, largest: largest, power: power))
        }
        return isFitted ? (value(first), value(last), ticks) : (low, high, ticks)
      }
      power += 1
    }
  }

  /// A label with just the decimals that a step of 10^`power` needs.
  private static func linearLabel(_ value: Double, largest: Double, power: Int) -> String {
    if largest < 1e6 && largest >= 1e-3 {
      return TextLayout.fixed(value, decimals: max(0, -power))
    }
    let exponent = TextLayout.exponent(of: value)
    return TextLayout.scientific(value, decimals: min(max(0, exponent - power), 15))
  }

  // MARK: Logarithmic ticks

  private static func log(
    _ range: ClosedRange<Double>?, _ values: [Double], _ maximumTicks: Int
  ) -> (Double, Double, [Tick]) {
    var (low, high) = (0.0, 1.0)
    if let range, range.lowerBound > 0, range.upperBound > range.lowerBound,
      range.upperBound.isFinite
    {
      (low, high) = (Foundation.log10(range.lowerBound), Foundation.log10(range.upperBound))
    } else {
      let exponents = values.filter { $0.isFinite && $0 > 0 }.map { Foundation.log10($0) }
      if let least = exponents.min(), let most = exponents.max() {
        low = (least + 1e-9).rounded(.down)
        high = (most - 1e-9).rounded(.up)
        if low >= high { (low, high) = (low - 1, low + 1) }
      }
    }
    let decades = stride(from: (low - 1e-9).rounded(.up), through: high + 1e-9, by: 1)
      .map { Int($0) }
    let step =
      [1, 2, 3, 5, 10, 20, 50].first { step in
        decades.count { $0.isMultiple(of: step) } <= maximumTicks
      } ?? 100
    var ticks = decades.map { decade in
      Tick(
        coordinate: Double(decade),
        label: decade.isMultiple(of: step) ? "10" + TextLayout.superscript(decade) : nil)
    }
    if step == 1 && decades.count <= 7 {
      let labelled = high - low < 2 ? [2, 5] : []
      for decade in Int(low.rounded(.down))...Int(high.rounded(.up)) {
        for digit in 2...9 {
          let coordinate = Double(decade) + Foundation.log10(Double(digit))
          guard coordinate > low - 1e-9, coordinate < high + 1e-9 else { continue }
          let label = "\(digit)×10" + TextLayout.superscript(decade)
          ticks.append(Tick(coordinate: coordinate, label: labelled.contains(digit) ? label : nil))
        }
      }
    }
    if ticks.count(where: { $0.label != nil }) < 2 {
      ticks = ticks.filter { $0.label == nil }
      for end in [low, high] {
        ticks.append(Tick(coordinate: end, label: TextLayout.value(pow(10, end))))
      }
    }
    return (low, high, ticks.sorted { $0.coordinate < $1.coordinate })
  }
}
