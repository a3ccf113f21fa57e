import GradientCheck
import Plots
import TiedLayers

/// A kernel's residuals, entry by entry.
extension CasePlots {
  /// Cells beyond this many in a row or column are merged, each block showing its worst cell.
  static let mostCells = 128

  static func residuals(
    _ map: Evidence.ResidualMap, _ result: CaseResult
  ) -> CasePicture? {
    let cells = map.ratios.joined()
    guard cells.contains(where: \.isFinite) else { return nil }
    let drawing = Drawing(map)
    let finite = cells.filter(\.isFinite)
    let largest = finite.map { abs($0) }.max() ?? 0
    let shape = NumberText.shape([map.ratios.count, map.ratios.first?.count ?? 0])
    let beyond = finite.count { abs($0) > 1 }
    let scale =
      largest <= 1
      ? ColorScale(.diverging, range: -1...1)
      : ColorScale(
        .diverging, spacing: .symmetricLog(linearBelow: 1), range: (-largest)...largest)
    let plot = HeatMap(
      title: "Residual over its error bound: \(map.parameter)",
      subtitle: "one cell for each entry of the \(shape) kernel\(drawing.remark)",
      rowLabel: drawing.rowLabel, columnLabel: drawing.columnLabel, values: drawing.values,
      tile: drawing.tile, valueLabel: "(claimed - measured) / E",
      scale: scale,
      threshold: 1, thresholdLabel: "beyond the error bound",
      description:
        "Heat map with one cell for each entry of \(map.parameter): claimed minus measured "
        + "derivative, divided by the error bound of the measurement. \(beyond) of \(finite.count) "
        + "entries lie beyond the bound; the largest ratio is \(NumberText.error(largest)).")
    var explanation =
      "Each cell is one entry of \(Markdown.code(map.parameter)): the residual (claimed minus "
      + "measured) over the error bound of the measurement. Between -1 and 1 the difference is no "
      + "larger than what the measurement itself can be wrong by, and should show no pattern. "
    explanation +=
      beyond == 0
      ? "Here no entry lies beyond its bound."
      : "Here \(beyond) of \(finite.count) lie beyond it. A pattern (a row, a column, all of one "
        + "sign) points at the mistake. A difference beyond the bound may still lie within the "
        + "tolerance, which is what the verdict goes by."
    return CasePicture(
      suffix: "residual-\(Markdown.slug(map.parameter))", plot: plot, explanation: explanation,
      table: residualTable(map))
  }

  static func residualTable(_ map: Evidence.ResidualMap) -> String {
    let cells = Array(map.ratios.joined())
    let sizes = cells.map { abs($0) }
    var places: [String] = []
    if let largest = sizes.filter({ !$0.isNaN }).max() {
      for (i, row) in map.ratios.enumerated() where places.isEmpty {
        if let j = row.firstIndex(where: { abs($0) == largest }) {
          places = [NumberText.index([i, j]), NumberText.value(row[j])]
        }
      }
    }
    if places.isEmpty { places = ["-", "-"] }
    return Markdown.table(
      [
        .number("Entries up to 0.1"), .number("0.1 to 1"), .number("1 to 10"),
        .number("Above 10"), .number("Not a number"), .words("Largest at"), .number("Its ratio"),
      ],
      [
        [
          sizes.count { $0 <= 0.1 }, sizes.count { $0 > 0.1 && $0 <= 1 },
          sizes.count { $0 > 1 && $0 <= 10 }, sizes.count { $0 > 10 }, sizes.count { $0.isNaN },
        ].map(String.init) + places
      ])
  }

  /// How a kernel's entries are laid out in the picture.
  private struct Drawing {
    var values: [[Double]]
    var rowLabel = "row"
    var columnLabel = "column"
    var tile: HeatMap.Tile?
    /// What the subtitle says of it.
    var remark = ""

    init(_ map: Evidence.ResidualMap) {
      func most(_ values: [[Double]]) -> Int {
        max(values.count, values.map(\.count).max() ?? 0)
      }
      if let images = map.images, let windows = Self.windows(map.ratios, images),
        most(windows) <= CasePlots.mostCells
      {
        values = windows
        tile = HeatMap.Tile(rows: images.height, columns: images.width)
        (rowLabel, columnLabel) = ("image channel", "feature channel")
        remark = ", as windows of \(NumberText.shape([images.height, images.width]))"
        return
      }
      values = map.ratios
      let block = (most(values) + CasePlots.mostCells - 1) / CasePlots.mostCells
      if block > 1 {
        values = Self.merged(map.ratios, block)
        remark = "; each cell the worst of \(block) x \(block) entries"
      }
    }

    /// Square blocks merged into their worst cell, where a kernel is too large to draw.
    private static func merged(_ ratios: [[Double]], _ block: Int) -> [[Double]] {
      stride(from: 0, to: ratios.count, by: block).map { top in
        let rows = ratios[top..<min(top + block, ratios.count)]
        let columns = rows.map(\.count).max() ?? 0
        return stride(from: 0, to: columns, by: block).map { left in
          let cells = rows.flatMap { row in
            row.count > left ? Array(row[left..<min(left + block, row.count)]) : []
          }
          return cells.filter { !$0.isNaN }.max { abs($0) < abs($1) } ?? .nan
        }
      }
    }

    /// One window beside the other for the feature channels, one below the other for the channels of
    /// the image. Along the patch, channels run fastest.
    private static func windows(_ ratios: [[Double]], _ images: KernelImages) -> [[Double]]? {
      let (height, width) = (images.height, images.width)
      let patch = images.isAlongColumns ? ratios.first?.count ?? 0 : ratios.count
      let features = images.isAlongColumns ? ratios.count : ratios.first?.count ?? 0
      guard height > 0, width > 0, patch > 0, patch % (height * width) == 0 else { return nil }
      let channels = patch / (height * width)
      var windows: [[Double]] = []
      for c in 0..<channels {
        for i in 0..<height {
          var row: [Double] = []
          for f in 0..<features {
            for j in 0..<width {
              let element = (i * width + j) * channels + c
              row.append(images.isAlongColumns ? ratios[f][element] : ratios[element][f])
            }
          }
          windows.append(row)
        }
      }
      return windows
    }
  }
}
