import Foundation
import GradientCheck
import Plots
import TiedLayers

/// One picture of a case, with what stands around it on the page.
struct CasePicture {
  /// What follows the case's name in the file's name.
  let suffix: String
  let plot: any Plot
  /// How to read it: Markdown.
  let explanation: String
  /// Its numbers: a Markdown table.
  let table: String
}

/// The pictures of a case. A picture whose numbers are missing is left out.
enum CasePlots {
  static func pictures(_ result: CaseResult) -> [CasePicture] {
    result.evidence.sweeps.enumerated().flatMap { index, sweep in
      let number = index == 0 ? "" : "-\(index + 1)"
      return [
        steps(sweep, result, suffix: "steps\(number)"),
        remainder(sweep, result, suffix: "remainder\(number)"),
      ].compactMap { $0 }
    }
      + result.evidence.residuals.compactMap { residuals($0, result) }
      + [ratios(result), corners(result), paths(result), drift(result)].compactMap { $0 }
  }

  // MARK: Error against step

  private static func steps(
    _ sweep: Evidence.StepSweep, _ result: CaseResult, suffix: String
  ) -> CasePicture? {
    guard
      sweep.points.contains(where: { $0.centralError.isFinite || $0.fivePointError.isFinite })
    else { return nil }
    let entry = "\(sweep.parameter)\(NumberText.index(sweep.index))"
    let tensor = result.gradient.parameters.first { $0.name == sweep.parameter }
    let isWrong = tensor?.verdict == .fail
    let chosen = NumberText.error(sweep.chosenStep)
    func series(
      _ name: String, _ error: (Evidence.StepPoint) -> Double, _ style: LineSeries.Style
    ) -> LineSeries {
      LineSeries(
        name: name, points: sweep.points.map { (x: $0.step, y: error($0)) }, style: style)
    }
    let reading =
      isWrong
      ? "The claim is wrong: both errors stay flat, at the size of the mistake, over a wide range "
        + "of steps."
      : "Towards small steps both errors grow by round-off, towards large steps by truncation. "
        + boundCount(sweep)
    let plot = LinePlot(
      title: "Error against step size: \(entry)",
      subtitle: "distance of the measured derivative from the claimed one",
      x: Axis(label: "step h", scale: .log10),
      y: Axis(label: "|measured - claimed|", scale: .log10, range: decades(sweep)),
      series: [
        series("central difference", \.centralError, .lineAndMarkers),
        series("five-point rule", \.fivePointError, .lineAndMarkers),
        series("its error bound E", \.bound, .line),
      ],
      verticalLines: [ReferenceLine(at: sweep.chosenStep, label: "step used: \(chosen)")],
      description: "Errors of the central difference and of the five-point rule for \(entry), and "
        + "the five-point rule's error bound, against the step on logarithmic axes. The check used "
        + "the step \(chosen). \(reading)")
    return CasePicture(
      suffix: suffix, plot: plot,
      explanation: stepsExplanation(sweep, isWrong: isWrong), table: stepsTable(sweep))
  }

  /// Whole decades around everything that is shown, with room above the highest curve.
  private static func decades(_ sweep: Evidence.StepSweep) -> ClosedRange<Double>? {
    let shown = sweep.points.flatMap { [$0.centralError, $0.fivePointError, $0.bound] }
      .filter { $0.isFinite && $0 > 0 }.map { Foundation.log10($0) }
    guard let lowest = shown.min(), let highest = shown.max() else { return nil }
    return Foundation.pow(
      10, lowest.rounded(.down))...Foundation.pow(10, (highest + 0.5).rounded(.up))
  }

  private static func boundCount(_ sweep: Evidence.StepSweep) -> String {
    let covered = sweep.points.count { $0.fivePointError <= $0.bound }
    let count = sweep.points.count
    return covered == count
      ? "The bound lies above the five-point error at each of the \(count) steps."
      : "The bound lies above the five-point error at \(covered) of the \(count) steps."
  }

  private static func stepsExplanation(_ sweep: Evidence.StepSweep, isWrong: Bool) -> String {
    let entry = Markdown.code("\(sweep.parameter)\(NumberText.index(sweep.index))")
    let claim = "The derivative claimed for \(entry) is \(NumberText.value(sweep.analytic))."
    if isWrong {
      return claim
        + " It is compared with two difference quotients at many steps. Where a claim is "
        + "right, the curves fall as the step shrinks, until round-off lifts them again: a V. Here "
        + "the claim is **wrong**: over a wide range of steps the measurements agree with each "
        + "other and not with the claim, and the curves run flat at the size of the mistake."
    }
    return claim + " It is compared with two difference quotients at many steps. At the left, "
      + "round-off: the loss is only known up to its noise, which is divided by the step. At the "
      + "right, truncation: the loss bends within the step. On these axes the central difference's "
      + "error rises with slope 2 there and the five-point rule's with slope 4 (or not at all, where "
      + "the loss is a polynomial of degree four or less, as with linear layers and squared errors); "
      + "it jumps where the step reaches over a corner of the loss. The bound E knows the noise, the "
      + "truncation and one corner, and the check takes a step where it is small. "
      + boundCount(sweep)
  }

  /// One row for each decade of steps, and the one nearest to the step that the check used.
  private static func stepsTable(_ sweep: Evidence.StepSweep) -> String {
    let target = Foundation.log10(sweep.chosenStep)
    func distance(_ i: Int) -> Double {
      let value = abs(Foundation.log10(sweep.points[i].step) - target)
      return value.isNaN ? .infinity : value
    }
    let nearest = sweep.points.indices.min { distance($0) < distance($1) }
    var lastDecade: Double?
    var rows: [[String]] = []
    for (i, point) in sweep.points.enumerated() {
      let decade = Foundation.log10(point.step).rounded(.down)
      guard decade != lastDecade || i == nearest else { continue }
      lastDecade = decade
      let step = NumberText.error(point.step)
      rows.append([
        i == nearest ? "**\(step)** (nearest to the step used)" : step,
        NumberText.error(point.centralError), NumberText.error(point.fivePointError),
        NumberText.error(point.bound),
      ])
    }
    return Markdown.table(
      [
        .number("Step h"), .number("Central difference: error"), .number("Five-point: error"),
        .number("Bound E"),
      ], rows)
  }

  // MARK: Taylor remainder

  private static func remainder(
    _ sweep: Evidence.StepSweep, _ result: CaseResult, suffix: String
  ) -> CasePicture? {
    let shown = sweep.points.filter { $0.remainder > 0 && $0.remainder.isFinite }
    guard shown.count > 1 else { return nil }
    let entry = "\(sweep.parameter)\(NumberText.index(sweep.index))"
    let isWrong = result.gradient.parameters.first { $0.name == sweep.parameter }?.verdict == .fail
    let claim = NumberText.value(sweep.analytic)
    let reading =
      isWrong
      ? "Here the claim itself falls with slope 1 only: it is wrong."
      : "The claim falls with slope 3 down to the noise; one that is a thousandth off bends over to "
        + "slope 1."
    let plot = LinePlot(
      title: "Taylor remainder: \(entry)",
      subtitle: "slope 3 for a right derivative, slope 1 for a wrong one, then noise",
      x: Axis(label: "step h", scale: .log10),
      y: Axis(label: "|f(x + h) - f(x - h) - 2 h g|", scale: .log10),
      series: [
        LineSeries(
          name: "g as claimed", points: shown.map { (x: $0.step, y: $0.remainder) },
          style: .lineAndMarkers),
        LineSeries(
          name: "g a thousandth off",
          points: shown.map { (x: $0.step, y: $0.remainderOfWrongClaim) },
          style: .lineAndMarkers, dash: .dashed),
      ],
      horizontalLines: [ReferenceLine(at: result.loss.noise, label: "noise")],
      description: "What is left of the loss after the claimed slope is taken off, for \(entry), "
        + "against the step on logarithmic axes; beside it the same for a claim that is a thousandth "
        + "off. \(reading)")
    return CasePicture(
      suffix: suffix, plot: plot,
      explanation:
        "With g = \(claim), the claimed derivative of \(Markdown.code(entry)), a right g "
        + "leaves only what bends the loss, which falls with the cube of the step; a wrong one leaves "
        + "2 h times the mistake. (Linear layers under a squared error bend so little that nothing but "
        + "noise is left of a right claim until the step is large.) \(reading)",
      table: Markdown.table(
        [.number("Step h"), .number("Remainder, g as claimed"), .number("g a thousandth off")],
        thinned(shown).map {
          [
            NumberText.error($0.step), NumberText.error($0.remainder),
            NumberText.error($0.remainderOfWrongClaim),
          ]
        }))
  }

  /// Every second decade.
  private static func thinned(_ points: [Evidence.StepPoint]) -> [Evidence.StepPoint] {
    points.enumerated().filter { $0.offset % 8 == 0 || $0.offset == points.count - 1 }
      .map(\.element)
  }

  // MARK: Differences over bounds

  private static func ratios(_ result: CaseResult) -> CasePicture? {
    guard let histogram = result.evidence.ratios, histogram.counts.contains(where: { $0 > 0 })
    else { return nil }
    let total = histogram.counts.reduce(0, +)
    let beyond = zip(histogram.edges, histogram.counts).filter { $0.0 >= 0.999 }
      .reduce(0) { $0 + $1.1 }
    let reading =
      beyond == 0
      ? "All \(total) entries lie below 1: no difference is larger than its error bound."
      : "\(beyond) of \(total) entries lie at 1 or above: differences that the error of the "
        + "measurement does not explain."
    let plot = Histogram(
      title: "Differences over their bounds",
      subtitle: "all entries of all parameters",
      x: Axis(label: "|claimed - measured| / E", scale: .log10), countLabel: "entries",
      binEdges: histogram.edges, counts: histogram.counts,
      verticalLines: [ReferenceLine(at: 1, label: "the bound")],
      description:
        "Histogram of the absolute difference of claimed and measured derivative over the "
        + "error bound of the measurement, on a logarithmic axis. \(reading)")
    let bins = zip(zip(histogram.edges, histogram.edges.dropFirst()), histogram.counts)
      .filter { $0.1 > 0 }
    return CasePicture(
      suffix: "ratios", plot: plot,
      explanation:
        "A bound that is honest is rarely reached: it must hold for all entries at once. "
        + "The first bin also holds everything below it, the last everything above. \(reading)",
      table: Markdown.table(
        [.number("From"), .number("To"), .number("Entries")],
        bins.map { [NumberText.error($0.0.0), NumberText.error($0.0.1), "\($0.1)"] }))
  }

  // MARK: Corners

  private static func corners(_ result: CaseResult) -> CasePicture? {
    let corners = result.evidence.corners.filter { $0.offset != 0 }
    guard !corners.isEmpty else { return nil }
    let plot = LinePlot(
      title: "Corners of the loss within a step",
      subtitle: "where a single jump of the slope explains the four points",
      x: Axis(label: "distance of the corner from the entry", scale: .log10),
      y: Axis(label: "jump of the slope", scale: .log10),
      series: [
        LineSeries(
          name: "corner", points: corners.map { (x: abs($0.offset), y: abs($0.jump)) },
          style: .markers)
      ],
      verticalLines: corners.map(\.step).max().map {
        [ReferenceLine(at: $0, label: "largest first step")]
      } ?? [],
      description:
        "\(corners.count) corners of the loss, each by its distance from the entry's value "
        + "and the size of the jump of the slope, on logarithmic axes.")
    return CasePicture(
      suffix: "corners", plot: plot,
      explanation:
        "A rectifier bends the loss sharply where a unit switches. A step that reaches over "
        + "such a corner measures neither side; the check sees it in the fourth difference and steps "
        + "in front of it. These \(corners.count) could be located.",
      table: Markdown.table(
        [
          .words("Entry"), .number("Distance"), .number("Jump"), .number("Step that saw it"),
          .number("Step used"),
        ],
        corners.prefix(10).map {
          [
            Markdown.code("\($0.parameter)\(NumberText.index($0.index))"),
            NumberText.error($0.offset), NumberText.error($0.jump), NumberText.error($0.step),
            NumberText.error($0.finalStep),
          ]
        }))
  }

  // MARK: Residual over bound

  /// Cells beyond this many in a row or column are merged, each block showing its worst cell.
  private static let mostCells = 128

  private static func residuals(
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

  private static func residualTable(_ map: Evidence.ResidualMap) -> String {
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

  // MARK: The paths' shares

  private static func paths(_ result: CaseResult) -> CasePicture? {
    let bars = result.tie.groups.filter { $0.verdict != .vacuous }.flatMap { group in
      group.paths.map { (group: group, path: $0) }
    }
    guard bars.contains(where: { $0.path.share.isFinite && $0.path.share != 0 }) else { return nil }
    let shares = bars.map {
      "\($0.group.parameter) through \($0.path.name) "
        + NumberText.value($0.path.share)
    }
    let plot = BarChart(
      title: "What each path has in the whole gradient",
      subtitle: "the shares of one parameter add up to 1",
      valueLabel: "share <path, whole> / <whole, whole>, measured",
      categories: bars.map { "\($0.group.parameter) through \($0.path.name)" },
      series: [BarSeries(name: "", values: bars.map(\.path.share))],
      description: "Bar chart of the paths' shares in the whole gradient: "
        + NumberText.list(shares) + ".")
    return CasePicture(
      suffix: "paths", plot: plot,
      explanation: "A share is the part of the whole measured gradient that comes through one "
        + "use. A path with a share near 0 could be forgotten almost unnoticed by training; a "
        + "negative one works against the others.",
      table: Markdown.table(
        [.words("Parameter"), .words("Through"), .number("Share"), .number("Norm")],
        bars.map {
          [
            Markdown.code($0.group.parameter), Markdown.code($0.path.name),
            NumberText.value($0.path.share), NumberText.value($0.path.norm),
          ]
        }))
  }

  // MARK: Drift of the untied twin

  private static func drift(_ result: CaseResult) -> CasePicture? {
    let shown = result.updates.optimizers.filter { $0.drift.contains(where: \.isFinite) }
    guard !shown.isEmpty else { return nil }
    let steps = shown.map { $0.drift.count - 1 }.max() ?? 0
    let last = shown.map { "\($0.name) \(NumberText.error($0.drift.last ?? .nan))" }
    // What is measured is the first two uses of the first kernel that is shared, and no others.
    let pair =
      result.tie.groups.first { $0.shape.count == 2 && $0.uses.count > 1 }
      .map { "\($0.parameter) in \($0.uses[0].name) and in \($0.uses[1].name)" }
      ?? "the first two kernels that had been one"
    let plot = LinePlot(
      title: "How far an untied pair drifts apart",
      subtitle: "a kernel for each use, all starting equal; compared: \(pair)",
      x: Axis(label: "steps", range: 0...Double(max(steps, 1))),
      y: Axis(label: "|difference| / |kernel|"),
      series: shown.map { optimizer in
        LineSeries(
          name: optimizer.name,
          points: optimizer.drift.enumerated().map { (x: Double($0), y: $1) })
      },
      horizontalLines: [ReferenceLine(at: 0, label: "tied: 0")],
      description: "Relative distance in the untied twin between \(pair), after each "
        + "step, one line for each optimizer. After \(NumberText.count(steps, "step")): "
        + NumberText.list(last) + ". The tied pair has one kernel and stays at 0.")
    let columns = thinned(steps)
    return CasePicture(
      suffix: "drift", plot: plot,
      explanation:
        "The untied twin has the same layers and the same first values, but a kernel for "
        + "each use; compared are \(Markdown.text(pair)). Equal values are not a tie: the first "
        + "update already moves the two apart, "
        + "because each follows its own path's gradient. The tied pair has one kernel, and its "
        + "distance is 0 at every step. Where lines cover each other, the table tells them apart.",
      table: Markdown.table(
        [.words("Optimizer")] + columns.map { .number("Step \($0)") },
        shown.map { optimizer in
          [Markdown.code(optimizer.name)]
            + columns.map { step in
              optimizer.drift.indices.contains(step)
                ? NumberText.value(optimizer.drift[step]) : "-"
            }
        }))
  }

  /// All steps where they are few, else 0, 1, 2, 5, 10, 20, 50, ... and the last.
  private static func thinned(_ last: Int) -> [Int] {
    if last <= 8 { return Array(0...last) }
    var steps = [0]
    var power = 1
    while power < last {
      steps += [1, 2, 5].map { $0 * power }.filter { $0 < last }
      power *= 10
    }
    return steps + [last]
  }
}
