import GradientCheck
import Plots

/// What is shared: the shares of the paths, and how an untied twin drifts apart.
extension CasePlots {
  static func paths(_ result: CaseResult) -> CasePicture? {
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

  static func drift(_ result: CaseResult) -> CasePicture? {
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
  static func thinned(_ last: Int) -> [Int] {
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
