/// A matrix of values as coloured cells with a colour bar.
///
/// Up to 256 × 256 cells each cell is a whole number of pixels, at least two. Larger matrices are
/// still drawn, but with cells too small to see: let the caller downsample them first.
package struct HeatMap: Plot {
  package var title: String
  /// A second, smaller line under the title.
  package var subtitle: String?
  /// The words beside the row indices, which count from 0 at the top.
  package var rowLabel: String
  /// The words below the column indices, which count from 0 at the left.
  package var columnLabel: String
  /// The rows from top to bottom. NaN cells, and cells missing from a short row, are striped grey.
  package var values: [[Double]]
  /// The matrix is one of small images, each so large; indices then count the images.
  package var tile: Tile?
  /// The words beside the colour bar, with the unit if there is one.
  package var valueLabel: String
  /// How values become colours.
  package var scale: ColorScale
  /// Cells with |value| above this get an outline and, where they are large enough, a dot.
  package var threshold: Double?
  /// The legend's words for such cells.
  package var thresholdLabel: String
  package var description: String

  /// Rows and columns of one small image.
  package struct Tile: Sendable {
    package var rows: Int
    package var columns: Int

    package init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// A heat map of `values`; `description` is the alternative text.
  package init(
    title: String, subtitle: String? = nil, rowLabel: String = "row",
    columnLabel: String = "column", values: [[Double]], tile: Tile? = nil, valueLabel: String,
    scale: ColorScale = ColorScale(), threshold: Double? = nil,
    thresholdLabel: String = "beyond the threshold", description: String
  ) {
    self.title = title
    self.subtitle = subtitle
    self.rowLabel = rowLabel
    self.columnLabel = columnLabel
    self.values = values
    self.tile = tile
    self.valueLabel = valueLabel
    self.scale = scale
    self.threshold = threshold
    self.thresholdLabel = thresholdLabel
    self.description = description
  }

  /// The picture, at least 440 pixels wide and as large as the cells need.
  package func svg() -> String {
    let mapping = ColorMapping(scale, fitting: values.flatMap { $0 })
    let rows = values.count
    let columns = values.map(\.count).max() ?? 0
    let size = Grid.cellSize(rows: rows, columns: columns, isStretched: tile == nil)
    let blockHeight = max(size.height * Double(rows), 180)
    let contentWidth = 72 + max(size.width * Double(columns), 100) + 120
    let width = max(440, contentWidth.rounded(.up))

    var svg = SVGDocument(width: width, height: 0, title: title, description: description)
    let top = svg.addHeader(title: title, subtitle: subtitle, legend: legend(columns)).rounded()
    let grid = Grid(
      left: 72 + ((width - contentWidth) / 2).rounded(),
      top: top + ((blockHeight - size.height * Double(rows)) / 2).rounded(),
      cellWidth: size.width, cellHeight: size.height, rows: rows, columns: columns)
    svg.height = top + blockHeight + 60
    svg.defineStripes(
      id: "missing", size: 6, angle: 45, color: "#9aa1a9", background: "#d9dce0")

    drawCells(grid, mapping, into: &svg)
    drawTiles(grid, into: &svg)
    if columns == 0 { svg.addNoDataNote(x: grid.left + 50, y: top + blockHeight / 2) }
    drawIndices(grid, blockTop: top, blockHeight: blockHeight, into: &svg)
    if threshold != nil { drawThresholdMarks(grid, into: &svg) }
    let barLeft = grid.left + max(size.width * Double(columns), 100) + 26
    let bar = PlotArea(left: barLeft, top: top, right: barLeft + 16, bottom: top + blockHeight)
    drawColorBar(bar, mapping, into: &svg)
    return svg.render()
  }

  /// Where the cells lie, in pixels.
  private struct Grid {
    var left: Double
    var top: Double
    var cellWidth: Double
    var cellHeight: Double
    var rows: Int
    var columns: Int

    var right: Double { x(columns) }
    var bottom: Double { y(rows) }
    func x(_ column: Int) -> Double { left + cellWidth * Double(column) }
    func y(_ row: Int) -> Double { top + cellHeight * Double(row) }

    /// Square cells that fill about 520 × 400 pixels, stretched if there are few rows or columns and
    /// nothing asks for squares.
    static func cellSize(
      rows: Int, columns: Int, isStretched: Bool
    ) -> (width: Double, height: Double) {
      let (r, c) = (Double(max(rows, 1)), Double(max(columns, 1)))
      let most = max(r, c)
      let side = most > 256 ? 512 / most : min(max(min(520 / c, 400 / r).rounded(.down), 2), 40)
      func stretched(_ count: Double) -> Double {
        isStretched ? max(side, min((160 / count).rounded(.down), 40)) : side
      }
      return (stretched(c), stretched(r))
    }
  }

  private func value(_ row: Int, _ column: Int) -> Double {
    values[row].indices.contains(column) ? values[row][column] : .nan
  }

  private func exceeds(_ row: Int, _ column: Int) -> Bool {
    guard let threshold, values.indices.contains(row), values[row].indices.contains(column)
    else { return false }
    return abs(values[row][column]) > threshold
  }

  private func legend(_ columns: Int) -> [LegendItem] {
    var items: [LegendItem] = []
    if threshold != nil { items.append(LegendItem(symbol: .thresholdMark, name: thresholdLabel)) }
    if values.contains(where: { $0.count < columns || $0.contains(where: \.isNaN) }) {
      items.append(
        LegendItem(symbol: .swatch(fill: "url(#missing)", overlay: nil), name: "no value (NaN)"))
    }
    return items
  }

  /// One path per colour; neighbours of the same colour in a row share one rectangle.
  private func drawCells(_ grid: Grid, _ mapping: ColorMapping, into svg: inout SVGDocument) {
    let n = SVGDocument.number
    var paths: [Int: String] = [:]
    let missing = -1
    for row in 0..<grid.rows {
      let levels = (0..<grid.columns).map { mapping.level(of: value(row, $0)) ?? missing }
      var start = 0
      while start < levels.count {
        let end = levels[start...].firstIndex { $0 != levels[start] } ?? levels.count
        let length = n(grid.cellWidth * Double(end - start))
        paths[levels[start], default: ""] +=
          "M\(n(grid.x(start))) \(n(grid.y(row)))h\(length)v\(n(grid.cellHeight))h-\(length)z"
        start = end
      }
    }
    for (level, path) in paths.sorted(by: { $0.key < $1.key }) {
      let fill = level == missing ? "url(#missing)" : scale.color(level: level)
      svg.add(
        "path",
        [
          ("class", "cells"), ("fill", fill), ("shape-rendering", "crispEdges"), ("d", path),
        ])
    }
    svg.rect(
      x: grid.left, y: grid.top, width: grid.right - grid.left, height: grid.bottom - grid.top,
      fill: "none", more: [("class", "plot-area"), ("stroke", Palette.axis)])
  }

  /// Lines between the small images.
  private func drawTiles(_ grid: Grid, into svg: inout SVGDocument) {
    guard let tile else { return }
    for row in stride(from: tile.rows, to: grid.rows, by: tile.rows) {
      svg.line(
        grid.left, grid.y(row), grid.right, grid.y(row), color: Palette.text, width: 1.6)
    }
    for column in stride(from: tile.columns, to: grid.columns, by: tile.columns) {
      svg.line(
        grid.x(column), grid.top, grid.x(column), grid.bottom, color: Palette.text, width: 1.6)
    }
  }

  /// Index numbers and axis labels, thinned to stay readable.
  private func drawIndices(
    _ grid: Grid, blockTop: Double, blockHeight: Double, into svg: inout SVGDocument
  ) {
    func step(_ cell: Double, _ room: Double) -> Int {
      [1, 2, 5, 10, 20, 50, 100, 200, 500].first { cell * Double($0) >= room } ?? 1000
    }
    let (high, wide) = (tile?.rows ?? 1, tile?.columns ?? 1)
    let (height, width) = (grid.cellHeight * Double(high), grid.cellWidth * Double(wide))
    for row in stride(from: 0, to: grid.rows / high, by: step(height, 18)) {
      svg.text(
        "\(row)", x: grid.left - 7, y: grid.y(row * high) + height / 2 + 4, anchor: .end,
        color: Palette.mutedText)
    }
    for column in stride(from: 0, to: grid.columns / wide, by: step(width, 30)) {
      svg.text(
        "\(column)", x: grid.x(column * wide) + width / 2, y: grid.bottom + 17,
        anchor: .middle, color: Palette.mutedText)
    }
    let middle = (grid.left + grid.right) / 2
    svg.text(
      TextLayout.truncated(
        columnLabel, size: 13, limit: 2 * min(middle, svg.width - middle) - 24),
      x: middle, y: grid.bottom + 38, size: 13, anchor: .middle)
    svg.text(
      TextLayout.truncated(rowLabel, size: 13, limit: blockHeight + 20), x: grid.left - 42,
      y: blockTop + blockHeight / 2, size: 13, anchor: .middle, isVertical: true)
  }

  /// Outlines the regions beyond the threshold and puts a dot into each cell with room for it.
  private func drawThresholdMarks(_ grid: Grid, into svg: inout SVGDocument) {
    let n = SVGDocument.number
    var path = ""
    for row in 0...grid.rows {
      for column in 0...grid.columns {
        let here = exceeds(row, column)
        if here != exceeds(row - 1, column) {
          path += "M\(n(grid.x(column))) \(n(grid.y(row)))h\(n(grid.cellWidth))"
        }
        if here != exceeds(row, column - 1) {
          path += "M\(n(grid.x(column))) \(n(grid.y(row)))v\(n(grid.cellHeight))"
        }
      }
    }
    let side = min(grid.cellWidth, grid.cellHeight)
    let width = side >= 8 ? 1.6 : 1
    let widths = [("#ffffff", width + 2), (Palette.text, width)]
    for (color, width) in widths where !path.isEmpty {
      svg.add(
        "path",
        [
          ("class", "threshold"), ("fill", "none"), ("stroke", color), ("stroke-width", n(width)),
          ("stroke-linecap", "square"),
          ("shape-rendering", side >= 8 ? "auto" : "crispEdges"), ("d", path),
        ])
    }
    guard side >= 8 else { return }
    for row in 0..<grid.rows {
      for column in 0..<grid.columns where exceeds(row, column) {
        svg.addThresholdDot(
          x: grid.x(column) + grid.cellWidth / 2, y: grid.y(row) + grid.cellHeight / 2,
          radius: min(side * 0.18, 4))
      }
    }
  }

  /// The colour bar with ticks, threshold marks, and pointed ends where values lie beyond.
  private func drawColorBar(_ bar: PlotArea, _ mapping: ColorMapping, into svg: inout SVGDocument) {
    let n = SVGDocument.number
    let last = ColorScale.levelCount - 1
    let finiteOrInfinite = values.joined().filter { !$0.isNaN }
    func addPoint(_ level: Int, base: Double, tip: Double) {
      svg.add(
        "path",
        [
          ("d", "M\(n(bar.left)) \(n(base))H\(n(bar.right))L\(n(bar.x(0.5))) \(n(tip))Z"),
          ("class", "beyond"), ("fill", scale.color(level: level)), ("stroke", Palette.axis),
        ])
    }
    if finiteOrInfinite.contains(where: { $0 > mapping.range.upperBound }) {
      addPoint(last, base: bar.top, tip: bar.top - 11)
    }
    if finiteOrInfinite.contains(where: { $0 < mapping.range.lowerBound }) {
      addPoint(0, base: bar.bottom, tip: bar.bottom + 11)
    }
    for level in 0...last {
      let y = bar.y(Double(level + 1) / Double(last + 1))
      // Half a pixel of overlap hides the seams between the levels.
      svg.rect(
        x: bar.left, y: y, width: 16,
        height: bar.y(Double(level) / Double(last + 1)) - y
          + (level == 0 ? 0 : 0.5), fill: scale.color(level: level))
    }
    svg.rect(
      x: bar.left, y: bar.top, width: 16, height: bar.bottom - bar.top, fill: "none",
      more: [("stroke", Palette.axis)])
    var labelled: [Double] = []
    for tick in mapping.ticks {
      let y = bar.y(tick.fraction)
      if labelled.contains(where: { abs($0 - y) < 13 }) { continue }
      labelled.append(y)
      svg.line(bar.right, y, bar.right + 5, y, color: Palette.axis)
      svg.text(tick.label, x: bar.right + 9, y: y + 4, color: Palette.mutedText)
    }
    if let threshold {
      let limits = Set([threshold, -threshold]).sorted().filter { mapping.range.contains($0) }
      for y in limits.compactMap({ mapping.fraction(of: $0).map { bar.y($0) } }) {
        svg.line(bar.left - 4, y, bar.right + 4, y, color: "#ffffff", width: 3.6)
        svg.line(bar.left - 4, y, bar.right + 4, y, color: Palette.text, width: 1.6)
        svg.addThresholdDot(x: bar.left - 7, y: y, radius: 2.6)
      }
    }
    let ticksWidth = mapping.ticks.map { TextLayout.width($0.label, size: 12) }.max() ?? 0
    svg.text(
      TextLayout.truncated(valueLabel, size: 13, limit: bar.bottom - bar.top + 20),
      x: bar.right + 9 + ticksWidth + 18, y: bar.y(0.5), size: 13, anchor: .middle,
      isVertical: true)
  }
}
