/// One named set of bar lengths, one per category.
package struct BarSeries: Sendable, Equatable {
  /// The name in the legend.
  package var name: String
  /// The bars' signed lengths in the chart's units, in the order of the categories. Missing
  /// values are left out; NaN and infinite ones are written as words without a bar.
  package var values: [Double]

  /// A series called `name` with one value per category.
  package init(name: String, values: [Double]) {
    self.name = name
    self.values = values
  }
}

/// Horizontal bars per category, side by side or stacked, with their values in print.
package struct BarChart: Plot {
  /// How the series of one category share its row.
  package enum Arrangement: Sendable, Equatable {
    /// One bar under the other, all starting at zero.
    case grouped
    /// End to end: positive values to the right of zero, negative values to the left.
    case stacked
  }

  package var title: String
  /// A second, smaller line under the title.
  package var subtitle: String?
  /// The words below the value axis, with the unit if there is one.
  package var valueLabel: String
  /// The rows' names, from top to bottom.
  package var categories: [String]
  /// The data, told apart by colour, stripes and order.
  package var series: [BarSeries]
  /// Side by side or stacked.
  package var arrangement: Arrangement
  package var description: String

  /// A chart with one row per category; `description` is the alternative text.
  package init(
    title: String, subtitle: String? = nil, valueLabel: String, categories: [String],
    series: [BarSeries], arrangement: Arrangement = .grouped, description: String
  ) {
    self.title = title
    self.subtitle = subtitle
    self.valueLabel = valueLabel
    self.categories = categories
    self.series = series
    self.arrangement = arrangement
    self.description = description
  }

  /// The picture, 720 pixels wide and as high as the rows need. Values stand at the bars' ends;
  /// in a stack they stand inside their pieces, or, where one is too short for that, all at the
  /// row's end in the order of the series, parted by "|".
  package func svg() -> String {
    let mapping = AxisMapping.horizontal(
      Axis(label: valueLabel), fitting: [0] + rowEnds.flatMap { [$0.low, $0.high] }, width: 420)
    var svg = SVGDocument(width: 720, height: 420, title: title, description: description)
    let legend = series.indices.filter { !series[$0].name.isEmpty }.map {
      LegendItem(
        symbol: .swatch(fill: Palette.color($0), overlay: overlay($0)), name: series[$0].name)
    }
    for index in series.indices.prefix(5) where overlay(index) != nil { defineOverlay(index, &svg) }
    let top = svg.addHeader(title: title, subtitle: subtitle, legend: legend)

    let nameWidth = categories.map { TextLayout.width($0, size: 13) }.max() ?? 0
    let printed = categories.indices.map { endLabels($0) }
    let longest = printed.joined().map { TextLayout.width($0, size: 12) }.max() ?? 0
    // A little more than estimated: fonts differ.
    let left = 20 + min(1.06 * nameWidth, 190) + 12 + (mapping.lower < 0 ? longest + 8 : 0)
    let area = PlotArea(
      left: left, top: top, right: max(720 - 28 - longest, left + 120),
      bottom: top + rowHeight * Double(max(categories.count, 1)) + 8)
    svg.height = area.bottom + 56
    svg.addHorizontalAxis(mapping, label: valueLabel, area: area)
    for row in categories.indices {
      let y = area.top + 4 + rowHeight * Double(row)
      let lines = TextLayout.wrapped(categories[row], size: 13, limit: 190)
      for (index, line) in lines.enumerated() {
        let offset = (Double(index) - Double(lines.count - 1) / 2) * 15
        svg.text(line, x: 20, y: y + rowHeight / 2 + offset + 4.5, size: 13)
      }
      switch arrangement {
      case .grouped: drawGroup(row, y: y + 6, mapping, area, into: &svg)
      case .stacked: drawStack(row, y: y + 6, mapping, area, into: &svg)
      }
    }
    let zero = area.x(mapping.fraction(at: 0))
    svg.line(zero, area.top, zero, area.bottom, color: Palette.text, width: 1.2)
    if categories.isEmpty || series.isEmpty {
      svg.addNoDataNote(x: area.x(0.5), y: (area.top + area.bottom) / 2)
    }
    return svg.render()
  }

  // MARK: Layout

  private var barHeight: Double { arrangement == .stacked ? 24 : series.count > 1 ? 17 : 22 }

  private var rowHeight: Double {
    let bars = arrangement == .stacked ? 1 : max(1, series.count)
    return max(36, barHeight * Double(bars) + 12)
  }

  private func value(_ series: BarSeries, _ row: Int) -> Double? {
    series.values.indices.contains(row) ? series.values[row] : nil
  }

  /// The reach of each row to both sides of zero.
  private var rowEnds: [(low: Double, high: Double)] {
    categories.indices.map { row in
      let values = series.compactMap { value($0, row) }.filter(\.isFinite)
      let negative = values.filter { $0 < 0 }
      let positive = values.filter { $0 > 0 }
      return arrangement == .stacked
        ? (negative.reduce(0, +), positive.reduce(0, +))
        : (negative.min() ?? 0, positive.max() ?? 0)
    }
  }

  /// The texts that may stand at the bars' ends in one row.
  private func endLabels(_ row: Int) -> [String] {
    let labels = series.compactMap { value($0, row) }.map { TextLayout.value($0) }
    return arrangement == .grouped ? labels : [labels.joined(separator: " | ")]
  }

  // MARK: Drawing

  private func drawGroup(
    _ row: Int, y: Double, _ mapping: AxisMapping, _ area: PlotArea, into svg: inout SVGDocument
  ) {
    let height = barHeight * Double(max(1, series.count))
    var barY = y + (rowHeight - 12 - height) / 2
    for index in series.indices {
      if let value = value(series[index], row) {
        let end = drawBar(index, from: 0, to: value, y: barY, mapping, area, into: &svg)
        svg.text(
          TextLayout.value(value), x: end + (value < 0 ? -6 : 6), y: barY + barHeight / 2 + 4,
          anchor: value < 0 ? .end : .start)
      }
      barY += barHeight
    }
  }

  private func drawStack(
    _ row: Int, y: Double, _ mapping: AxisMapping, _ area: PlotArea, into svg: inout SVGDocument
  ) {
    let pixels = (area.right - area.left) / (mapping.upper - mapping.lower)
    let values = series.indices.compactMap { index in
      value(series[index], row).map { (index: index, value: $0) }
    }
    let fitsInside = values.allSatisfy {
      $0.value.isFinite
        && abs($0.value) * pixels >= TextLayout.width(TextLayout.value($0.value), size: 12) + 10
    }
    var (low, high) = (0.0, 0.0)
    for (index, value) in values {
      let start = value < 0 ? low : high
      let stop = start + (value.isFinite ? value : 0)
      _ = drawBar(index, from: start, to: stop, y: y, mapping, area, into: &svg)
      if value < 0 { low = stop } else { high = stop }
      if fitsInside {
        let middle = (start + stop) / 2
        svg.text(
          TextLayout.value(value), x: area.x(mapping.fraction(at: middle)), y: y + 16,
          anchor: .middle, color: Palette.textColor(onSeries: index), isBold: true,
          halo: Palette.color(index))
      }
    }
    if !fitsInside {
      svg.text(
        endLabels(row).joined(), x: area.x(mapping.fraction(at: high)) + 6, y: y + 16)
    }
  }

  /// Draws one bar and returns the pixel of its far end.
  private func drawBar(
    _ index: Int, from start: Double, to stop: Double, y: Double, _ mapping: AxisMapping,
    _ area: PlotArea, into svg: inout SVGDocument
  ) -> Double {
    let from = area.x(mapping.fraction(at: start))
    guard let end = mapping.locate(stop).map({ area.x($0.fraction) }) else { return from }
    for paint in [Palette.color(index), overlay(index)].compactMap({ $0 }) {
      svg.rect(
        x: min(from, end), y: y, width: abs(end - from), height: barHeight, fill: paint,
        more: [("class", "bar"), ("stroke", Palette.card), ("stroke-width", "1")])
    }
    return end
  }

  /// The stripes over the fill of series `index`; the first series has none.
  private func overlay(_ index: Int) -> String? {
    index % 5 == 0 ? nil : "url(#stripes\(index % 5))"
  }

  private func defineOverlay(_ index: Int, _ svg: inout SVGDocument) {
    svg.defineStripes(
      id: "stripes\(index)", size: [0, 8, 8, 6, 12][index], angle: [0, 45, -45, 90, 0][index],
      color: "#ffffff", opacity: 0.35)
  }
}
