import Plots
import PlotsTestSupport
import Testing

struct PlotFrameTests {
  private func plot(
    vertical: [ReferenceLine] = [], horizontal: [ReferenceLine] = [],
    label: String = "x"
  ) -> LinePlot {
    LinePlot(
      title: "t", x: Axis(label: label, range: 0...10), y: Axis(label: label, range: 0...10),
      series: [LineSeries(name: "", points: [(0, 0), (10, 10)])], verticalLines: vertical,
      horizontalLines: horizontal, description: "d")
  }

  @Test func aVerticalLineStandsAtItsValueWithItsLabelAboveTheData() throws {
    let probe = try SVGProbe(plot(vertical: [ReferenceLine(at: 5, label: "chosen step")]).svg())
    let area = try probe.plotArea()
    let line = try #require(probe.all("line").first { $0.attributes["stroke-dasharray"] != nil })
    let middle = (area.x.lowerBound + area.x.upperBound) / 2
    #expect(abs(line.number("x1") - middle) < 0.02)
    #expect(try probe.text("chosen step").number("y") < area.y.lowerBound)
  }

  @Test func aHorizontalLineIsLabelledBesideTheData() throws {
    let probe = try SVGProbe(plot(horizontal: [ReferenceLine(at: 2.5, label: "bound")]).svg())
    let area = try probe.plotArea()
    let line = try #require(probe.all("line").first { $0.attributes["stroke-dasharray"] != nil })
    let height = area.y.upperBound - area.y.lowerBound
    #expect(abs(line.number("y1") - (area.y.upperBound - height / 4)) < 0.02)
    #expect(try probe.text("bound").number("x") > area.x.upperBound)
  }

  @Test func crowdedLabelsDoNotMeet() throws {
    let lines = [5.0, 5.1, 5.2].map { ReferenceLine(at: $0, label: "label at \($0)") }
    let above = try SVGProbe(plot(vertical: lines).svg())
    let beside = try SVGProbe(plot(horizontal: lines).svg())
    for probe in [above, beside] {
      let heights = try lines.map { try probe.text($0.label).number("y") }.sorted()
      for (a, b) in zip(heights, heights.dropFirst()) { #expect(b - a >= 14) }
    }
  }

  @Test func linesOffTheScaleSaySoAndNaNIsLeftOut() throws {
    let lines = [ReferenceLine(at: 50, label: "far"), ReferenceLine(at: .nan, label: "lost")]
    for plot in [plot(vertical: lines), plot(horizontal: lines)] {
      let probe = try SVGProbe(plot.svg())
      #expect(probe.texts.contains("far (off scale)"))
      #expect(!probe.texts.contains { $0.hasPrefix("lost") })
    }
  }

  @Test func longAxisLabelsAreCut() throws {
    let long = String(repeating: "a very long label ", count: 20)
    let probe = try SVGProbe(plot(label: long).svg())
    #expect(probe.texts.filter { $0.hasSuffix("…") }.count == 2)
  }
}
