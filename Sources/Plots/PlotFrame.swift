/// A rectangle in pixels that the data may fill.
struct PlotArea {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  /// The pixel of a fraction of the horizontal axis.
  func x(_ fraction: Double) -> Double { left + fraction * (right - left) }
  /// The pixel of a fraction of the vertical axis, which points up.
  func y(_ fraction: Double) -> Double { bottom - fraction * (bottom - top) }
}

/// A place in the picture, in pixels.
struct PlacedPoint {
  var x: Double
  var y: Double
  /// Whether the value lies beyond an axis and is shown at its edge.
  var isClipped: Bool
}

/// The axes, grid and reference lines of a plot with two numeric axes.
struct PlotFrame {
  let area: PlotArea
  let x: AxisMapping
  let y: AxisMapping
  private let verticalLines: [LabelledLine]
  private let horizontalLines: [ReferenceLine]

  /// Draws axes and grid below the header, whose lower end is `top`, and sets the picture's height:
  /// 420 pixels, or more if a tall header would squeeze the data.
  init(
    in svg: inout SVGDocument, below top: Double, xLabel: String, x: AxisMapping, yLabel: String,
    y: AxisMapping, verticalLines: [ReferenceLine] = [], horizontalLines: [ReferenceLine] = [],
    footnote: String? = nil
  ) {
    let labelWidth = horizontalLines.map { line in
      TextLayout.width(line.label(isClipped: y.locate(line.position)?.isClipped), size: 12)
    }.max()
    let rightMargin = labelWidth.map { min($0, 120) + 30 } ?? 0
    let left = 50 + y.labelWidth(size: 12)
    let right = svg.width - max(28, rightMargin, x.labelWidth(size: 12) / 2 + 12)
    let rows = svg.labelRows(verticalLines, mapping: x, left: left, right: right)
    let plotTop = top + 16 * Double(rows.map(\.row).max().map { $0 + 1 } ?? 0)
    let below = footnote == nil ? 56.0 : 78
    svg.height = max(420, plotTop + 220 + below)
    area = PlotArea(left: left, top: plotTop, right: right, bottom: svg.height - below)
    self.x = x
    self.y = y
    self.verticalLines = rows
    self.horizontalLines = horizontalLines

    svg.addVerticalAxis(y, label: yLabel, area: area)
    svg.addHorizontalAxis(x, label: xLabel, area: area)
    svg.rect(
      x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top,
      fill: "none", more: [("class", "plot-area"), ("stroke", Palette.axis)])
    if let footnote {
      svg.text(footnote, x: 20, y: svg.height - 14, size: 11, color: Palette.mutedText)
    }
  }

  /// Draws the reference lines, below or above the data as the plot calls for.
  func addReferenceLines(to svg: inout SVGDocument) {
    svg.addVerticalLines(verticalLines, area: area)
    svg.addHorizontalLines(horizontalLines, mapping: y, area: area)
  }

  /// Where a data point is drawn; nil if a coordinate is NaN or infinite.
  func place(_ xValue: Double, _ yValue: Double) -> PlacedPoint? {
    guard let px = x.locate(xValue), let py = y.locate(yValue) else { return nil }
    return PlacedPoint(
      x: area.x(px.fraction), y: area.y(py.fraction), isClipped: px.isClipped || py.isClipped)
  }
}

extension ReferenceLine {
  /// The label as drawn.
  fileprivate func label(isClipped: Bool?) -> String {
    isClipped == true ? label + " (off scale)" : label
  }
}

/// A vertical line's place and the row of text above the plot that holds its label.
struct LabelledLine {
  var x: Double
  var label: String
  var labelCenter: Double
  var row: Int
}

extension SVGDocument {
  /// Grid lines, ticks and label of the horizontal axis below `area`.
  mutating func addHorizontalAxis(_ mapping: AxisMapping, label: String, area: PlotArea) {
    for tick in mapping.ticks {
      let x = area.x(mapping.fraction(at: tick.coordinate))
      if let label = tick.label {
        line(x, area.top, x, area.bottom, color: Palette.grid)
        text(
          label, x: x, y: area.bottom + 19, anchor: .middle, color: Palette.mutedText)
      }
      line(x, area.bottom, x, area.bottom + (tick.label == nil ? 3 : 6), color: Palette.axis)
    }
    let center = (area.left + area.right) / 2
    let limit = 2 * min(center, width - center) - 30
    text(
      TextLayout.truncated(label, size: 13, limit: limit), x: center, y: area.bottom + 41,
      size: 13, anchor: .middle)
  }

  /// Grid lines, ticks and label of the vertical axis to the left of `area`.
  mutating func addVerticalAxis(_ mapping: AxisMapping, label: String, area: PlotArea) {
    for tick in mapping.ticks {
      let y = area.y(mapping.fraction(at: tick.coordinate))
      if let label = tick.label {
        line(area.left, y, area.right, y, color: Palette.grid)
        text(label, x: area.left - 9, y: y + 4, anchor: .end, color: Palette.mutedText)
      }
      line(area.left - (tick.label == nil ? 3 : 6), y, area.left, y, color: Palette.axis)
    }
    text(
      TextLayout.truncated(label, size: 13, limit: area.bottom - area.top + 20), x: 25,
      y: (area.top + area.bottom) / 2, size: 13, anchor: .middle, isVertical: true)
  }

  /// Gives each vertical line's label the lowest row in which it does not meet another.
  func labelRows(
    _ lines: [ReferenceLine], mapping: AxisMapping, left: Double, right: Double
  ) -> [LabelledLine] {
    var rowEnds: [Double] = []
    let area = PlotArea(left: left, top: 0, right: right, bottom: 0)
    let placed = lines.compactMap { line in mapping.locate(line.position).map { (line, $0) } }
    return placed.sorted { $0.1.fraction < $1.1.fraction }.map { line, position in
      let label = TextLayout.truncated(
        line.label(isClipped: position.isClipped), size: 12, limit: right - left)
      let half = TextLayout.width(label, size: 12) / 2
      let x = area.x(position.fraction)
      let center = min(max(x, left + half - 20), right - half + 16)
      let row = rowEnds.firstIndex { $0 + 10 < center - half } ?? rowEnds.count
      if row == rowEnds.count { rowEnds.append(0) }
      rowEnds[row] = center + half
      return LabelledLine(x: x, label: label, labelCenter: center, row: row)
    }
  }

  /// Vertical reference lines with their labels in rows above the plot.
  mutating func addVerticalLines(_ lines: [LabelledLine], area: PlotArea) {
    for mark in lines {
      let labelY = area.top - 6 - 16 * Double(mark.row)
      line(
        mark.x, labelY + 3, mark.x, area.bottom, color: Palette.text, width: 1.4, dash: "5 3")
    }
    for mark in lines {
      text(
        mark.label, x: mark.labelCenter, y: area.top - 6 - 16 * Double(mark.row), anchor: .middle,
        halo: Palette.card)
    }
  }

  /// Horizontal reference lines with their labels in the right margin, pushed apart where
  /// needed.
  mutating func addHorizontalLines(
    _ lines: [ReferenceLine], mapping: AxisMapping, area: PlotArea
  ) {
    let placed = lines.compactMap { line in mapping.locate(line.position).map { (line, $0) } }
    var nextFree = area.top - 20
    for (mark, position) in placed.sorted(by: { $0.1.fraction > $1.1.fraction }) {
      let y = area.y(position.fraction)
      let label = mark.label(isClipped: position.isClipped)
      let words = TextLayout.wrapped(
        label, size: 12, limit: width - area.right - 24, maximumLines: 3)
      let first = max(nextFree, y - 7 * Double(words.count - 1))
      line(area.left, y, area.right, y, color: Palette.text, width: 1.4, dash: "5 3")
      if !words.isEmpty {
        let labelY = first + 7 * Double(words.count - 1)
        line(area.right, y, area.right + 10, labelY, color: Palette.text, width: 1)
      }
      for (index, word) in words.enumerated() {
        text(word, x: area.right + 14, y: first + 14 * Double(index) + 4)
      }
      nextFree = first + 14 * Double(words.count) + 3
    }
  }
}
