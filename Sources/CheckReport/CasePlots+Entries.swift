import GradientCheck
import Plots

/// All entries together: their differences over their bounds, and the corners that were found.
extension CasePlots {
  static func ratios(_ result: CaseResult) -> CasePicture? {
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

  static func corners(_ result: CaseResult) -> CasePicture? {
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
}
