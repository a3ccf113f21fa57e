/// How many values fall into each bin.
package struct Histogram: Plot {
  package var title: String
  /// A second, smaller line under the title.
  package var subtitle: String?
  /// The axis of the binned quantity, linear or log. A bin that reaches beyond the axis (on a log
  /// axis: down to zero or below) is cut at the edge and drawn with a dashed outline.
  package var x: Axis
  /// The words beside the vertical axis.
  package var countLabel: String
  /// The ends of the bins in ascending order, in the units of `x`, one more than `counts`.
  package var binEdges: [Double]
  /// The number of values in each bin. A count without both edges, a bin with a NaN or infinite
  /// edge and a count that is not positive are not drawn.
  package var counts: [Int]
  /// Marks on the horizontal axis, such as an error bound.
  package var verticalLines: [ReferenceLine]
  package var description: String

  /// A histogram of `counts` between `binEdges`; `description` is the alternative text.
  package init(
    title: String, subtitle: String? = nil, x: Axis, countLabel: String = "count",
    binEdges: [Double], counts: [Int], verticalLines: [ReferenceLine] = [], description: String
  ) {
    self.title = title
    self.subtitle = subtitle
    self.x = x
    self.countLabel = countLabel
    self.binEdges = binEdges
    self.counts = counts
    self.verticalLines = verticalLines
    self.description = description
  }

  /// The picture, 720 pixels wide and 420 high.
  package func svg() -> String {
    let bins = zip(counts, zip(binEdges, binEdges.dropFirst()))
      .map { (count: $0, lower: $1.0, upper: $1.1) }
      .filter { $0.lower.isFinite && $0.upper.isFinite && $0.count > 0 }
    let most = max(2, bins.map(\.count).max() ?? 0)
    let xMapping = AxisMapping.horizontal(
      x, fitting: binEdges + verticalLines.map(\.position), width: 600)
    let yMapping = AxisMapping(
      Axis(label: countLabel), fitting: [0, 1.05 * Double(most)],
      maximumTicks: min(7, most + 2))
    func isCut(_ edge: Double) -> Bool { xMapping.locate(edge)?.isClipped == true }
    let hasCut = bins.contains { isCut($0.lower) || isCut($0.upper) }

    var svg = SVGDocument(width: 720, height: 420, title: title, description: description)
    let top = svg.addHeader(title: title, subtitle: subtitle, legend: [])
    let frame = PlotFrame(
      in: &svg, below: top, xLabel: x.label, x: xMapping, yLabel: countLabel, y: yMapping,
      verticalLines: verticalLines,
      footnote: hasCut ? "Bars with a dashed outline reach beyond the axis." : nil)
    if bins.isEmpty { svg.addNoDataNote(x: frame.area.x(0.5), y: frame.area.y(0.5)) }
    for bin in bins {
      guard let low = frame.place(bin.lower, 0),
        let high = frame.place(bin.upper, Double(bin.count))
      else { continue }
      let isOpen = low.isClipped || high.isClipped
      svg.rect(
        x: min(low.x, high.x), y: high.y, width: max(abs(high.x - low.x), 1),
        height: low.y - high.y, fill: isOpen ? "#cfe3f1" : Palette.color(0),
        more: [
          ("class", "bar"), ("stroke", isOpen ? Palette.color(0) : Palette.card),
          ("stroke-width", isOpen ? "1.4" : "1"),
        ] + (isOpen ? [("stroke-dasharray", "4 3")] : []))
    }
    let (left, right, bottom) = (frame.area.left, frame.area.right, frame.area.bottom)
    svg.line(left, bottom, right, bottom, color: Palette.axis)
    frame.addReferenceLines(to: &svg)
    return svg.render()
  }
}
