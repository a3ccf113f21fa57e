import Foundation
import GradientCheck
import Plots

/// One entry at many steps: how far the measurements are from the claim.
extension CasePlots {
  static func steps(
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
  static func decades(_ sweep: Evidence.StepSweep) -> ClosedRange<Double>? {
    let shown = sweep.points.flatMap { [$0.centralError, $0.fivePointError, $0.bound] }
      .filter { $0.isFinite && $0 > 0 }.map { Foundation.log10($0) }
    guard let lowest = shown.min(), let highest = shown.max() else { return nil }
    return Foundation.pow(
      10, lowest.rounded(.down))...Foundation.pow(10, (highest + 0.5).rounded(.up))
  }

  static func boundCount(_ sweep: Evidence.StepSweep) -> String {
    let covered = sweep.points.count { $0.fivePointError <= $0.bound }
    let count = sweep.points.count
    return covered == count
      ? "The bound lies above the five-point error at each of the \(count) steps."
      : "The bound lies above the five-point error at \(covered) of the \(count) steps."
  }

  static func stepsExplanation(_ sweep: Evidence.StepSweep, isWrong: Bool) -> String {
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
  static func stepsTable(_ sweep: Evidence.StepSweep) -> String {
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

  static func remainder(
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
  static func thinned(_ points: [Evidence.StepPoint]) -> [Evidence.StepPoint] {
    points.enumerated().filter { $0.offset % 8 == 0 || $0.offset == points.count - 1 }
      .map(\.element)
  }
}
