/// One named sequence of points in a `LinePlot`.
package struct LineSeries: Sendable {
  /// What is drawn for the points.
  package enum Style: Sendable, Equatable {
    case line, markers, lineAndMarkers
  }

  /// The name in the legend; an empty name leaves the series out of the legend.
  package var name: String
  /// The points in drawing order, in the axes' units. A point with a NaN or infinite coordinate
  /// is skipped and breaks the line.
  package var points: [(x: Double, y: Double)]
  /// Line, markers or both.
  package var style: Style
  /// How the line is broken.
  package var dash: DashPattern
  /// Chooses colour, marker shape and automatic dash pattern; nil takes the series' place in the
  /// plot, counted from 0.
  package var colorIndex: Int?

  /// A series called `name` through `points`.
  package init(
    name: String, points: [(x: Double, y: Double)], style: Style = .lineAndMarkers,
    dash: DashPattern = .automatic, colorIndex: Int? = nil
  ) {
    self.name = name
    self.points = points
    self.style = style
    self.dash = dash
    self.colorIndex = colorIndex
  }
}

/// Points and lines over two numeric axes, such as an error against a step on log axes.
///
/// A point beyond an axis is not dropped: it is drawn at the nearest edge with an open marker,
/// and a note below the plot says so. On a log axis this holds for zero and negative values,
/// which land on the lower edge. In a series with line and markers, a marker closer than nine
/// pixels to the one before is left out; the line still passes through its point.
package struct LinePlot: Plot {
  package var title: String
  /// A second, smaller line under the title.
  package var subtitle: String?
  /// The horizontal axis.
  package var x: Axis
  /// The vertical axis.
  package var y: Axis
  /// The data; all lines are drawn first, then all markers, later series on top.
  package var series: [LineSeries]
  /// Marks on the horizontal axis.
  package var verticalLines: [ReferenceLine]
  /// Marks on the vertical axis.
  package var horizontalLines: [ReferenceLine]
  /// Words pinned to points.
  package var annotations: [PointAnnotation]
  package var description: String

  /// A plot of `series` over the axes `x` and `y`; `description` is the alternative text.
  package init(
    title: String, subtitle: String? = nil, x: Axis, y: Axis, series: [LineSeries],
    verticalLines: [ReferenceLine] = [], horizontalLines: [ReferenceLine] = [],
    annotations: [PointAnnotation] = [], description: String
  ) {
    self.title = title
    self.subtitle = subtitle
    self.x = x
    self.y = y
    self.series = series
    self.verticalLines = verticalLines
    self.horizontalLines = horizontalLines
    self.annotations = annotations
    self.description = description
  }

  /// The picture, 720 pixels wide and 420 high (higher under a tall legend).
  package func svg() -> String {
    let shown =
      series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
      + annotations.map { (x: $0.x, y: $0.y) }
    let xMapping = AxisMapping.horizontal(
      x, fitting: shown.map(\.x) + verticalLines.map(\.position), width: 520)
    let yMapping = AxisMapping(y, fitting: shown.map(\.y) + horizontalLines.map(\.position))
    let hasClipped = shown.contains {
      xMapping.locate($0.x)?.isClipped == true || yMapping.locate($0.y)?.isClipped == true
    }

    var svg = SVGDocument(width: 720, height: 420, title: title, description: description)
    let top = svg.addHeader(title: title, subtitle: subtitle, legend: legend)
    let frame = PlotFrame(
      in: &svg, below: top, xLabel: x.label, x: xMapping, yLabel: y.label, y: yMapping,
      verticalLines: verticalLines, horizontalLines: horizontalLines,
      footnote: hasClipped ? footnote : nil)
    frame.addReferenceLines(to: &svg)
    if shown.isEmpty { svg.addNoDataNote(x: frame.area.x(0.5), y: frame.area.y(0.5)) }
    let placed = series.indices.flatMap { index in
      runs(of: series[index], in: frame).map { (index: index, run: $0) }
    }
    for (index, run) in placed { drawLine(run, of: index, into: &svg) }
    for (index, run) in placed { drawMarkers(run, of: index, into: &svg) }
    let obstacles = placed.flatMap { AnnotationLayout.samples(along: $0.run) }
    svg.addAnnotations(annotations, in: frame, avoiding: obstacles)
    return svg.render()
  }

  private var footnote: String {
    let isLog = x.scale == .log10 || y.scale == .log10
    return "Open markers lie beyond the axis and are drawn at its edge"
      + (isLog ? " (on a log axis also zero and negative values)." : ".")
  }

  private var legend: [LegendItem] {
    series.indices.filter { !series[$0].name.isEmpty }.map { index in
      let (color, marker, dash) = look(of: index)
      let symbol: LegendItem.Symbol =
        switch series[index].style {
        case .line: .line(color: color, dash: dash, marker: nil)
        case .markers: .marker(marker, color: color)
        case .lineAndMarkers: .line(color: color, dash: dash, marker: marker)
        }
      return LegendItem(symbol: symbol, name: series[index].name)
    }
  }

  private func look(of index: Int) -> (color: String, marker: Marker, dash: String?) {
    let number = series[index].colorIndex ?? index
    let dash = series[index].dash.svgValue(
      index: number, hasMarkers: series[index].style != .line)
    return (Palette.color(number), Marker(index: number), dash)
  }

  /// The stretches of the series between points that cannot be drawn.
  private func runs(of series: LineSeries, in frame: PlotFrame) -> [[PlacedPoint]] {
    var runs: [[PlacedPoint]] = [[]]
    for point in series.points {
      if let placed = frame.place(point.x, point.y) {
        runs[runs.count - 1].append(placed)
      } else {
        runs.append([])
      }
    }
    return runs.filter { !$0.isEmpty }
  }

  private func drawLine(_ run: [PlacedPoint], of index: Int, into svg: inout SVGDocument) {
    guard series[index].style != .markers, run.count > 1 else { return }
    let n = SVGDocument.number
    let (color, _, dash) = look(of: index)
    var attributes = [
      ("points", run.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")),
      ("fill", "none"), ("stroke", color), ("stroke-width", "2"), ("stroke-linejoin", "round"),
    ]
    if let dash { attributes.append(("stroke-dasharray", dash)) }
    svg.add("polyline", attributes)
  }

  /// Marks the points; of a bare line only those that are clipped or stand alone.
  private func drawMarkers(_ run: [PlacedPoint], of index: Int, into svg: inout SVGDocument) {
    let (color, marker, _) = look(of: index)
    let style = series[index].style
    var last: PlacedPoint?
    for point in run {
      let isCrowded =
        style == .lineAndMarkers
        && last.map { abs($0.x - point.x) < 9 && abs($0.y - point.y) < 9 } == true
      let isBare = style == .line && run.count > 1
      guard point.isClipped || !(isCrowded || isBare) else { continue }
      marker.draw(into: &svg, x: point.x, y: point.y, color: color, isOpen: point.isClipped)
      last = point
    }
  }
}
