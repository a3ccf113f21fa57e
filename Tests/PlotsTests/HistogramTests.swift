import Plots
import PlotsTestSupport
import Testing

struct HistogramTests {
  private func histogram(
    _ edges: [Double], _ counts: [Int], scale: AxisScale = .linear,
    range: ClosedRange<Double>? = nil, lines: [ReferenceLine] = []
  ) -> Histogram {
    Histogram(
      title: "t", x: Axis(label: "x", scale: scale, range: range), binEdges: edges,
      counts: counts, verticalLines: lines, description: "d")
  }

  @Test func heightsAreInProportionToCounts() throws {
    let bars = try SVGProbe(histogram([0, 1, 2, 3], [1, 4, 2]).svg()).all("rect", class: "bar")
    let heights = bars.map { $0.number("height") }
    #expect(abs(heights[1] - 4 * heights[0]) < 0.05 && abs(heights[2] - 2 * heights[0]) < 0.05)
  }

  @Test func binsOfEqualRatioAreEquallyWideOnALogAxis() throws {
    let probe = try SVGProbe(histogram([1e-4, 1e-2, 1, 100], [3, 5, 2], scale: .log10).svg())
    let widths = probe.all("rect", class: "bar").map { $0.number("width") }
    #expect(widths.allSatisfy { abs($0 - widths[0]) < 0.02 })
  }

  @Test func aBinDownToZeroIsOpenOnALogAxis() throws {
    let probe = try SVGProbe(histogram([0, 1e-2, 1], [3, 5], scale: .log10).svg())
    let bars = probe.all("rect", class: "bar")
    #expect(bars.map { $0.attributes["stroke-dasharray"] != nil } == [true, false])
    #expect(probe.texts.contains { $0.contains("dashed outline") })
  }

  @Test func barsStayInsideThePlot() throws {
    let probe = try SVGProbe(histogram([-9, 0.2, 0.4, 9], [7, 1, 3], range: 0...1).svg())
    let area = try probe.plotArea()
    for bar in probe.all("rect", class: "bar") {
      #expect(area.x.contains(bar.number("x")))
      #expect(bar.number("x") + bar.number("width") <= area.x.upperBound + 0.02)
      #expect(area.y.contains(bar.number("y")))
    }
  }

  @Test func theReferenceLineIsDrawnOverTheBars() throws {
    let svg = histogram([0, 1, 2], [1, 2], lines: [ReferenceLine(at: 1.5, label: "bound")]).svg()
    let elements = try SVGProbe(svg).elements
    let bar = try #require(elements.lastIndex { $0.class == "bar" })
    let line = try #require(elements.lastIndex { $0.attributes["stroke-dasharray"] == "5 3" })
    #expect(line > bar)
  }

  @Test func countTicksAreWholeNumbers() throws {
    for most in 1...12 {
      let probe = try SVGProbe(histogram([0, 1], [most]).svg())
      let area = try probe.plotArea()
      let ticks = probe.all("text").filter {
        $0.attributes["text-anchor"] == "end" && $0.number("x") < area.x.lowerBound
      }
      #expect(!ticks.isEmpty && ticks.allSatisfy { Int($0.text) != nil }, "\(ticks.map(\.text))")
    }
  }

  @Test func unusableBinsAreLeftOut() throws {
    let odd = histogram([0, 1, .nan, 3, 4], [1, 2, 2, -5, 9])
    #expect(try SVGProbe(odd.svg()).all("rect", class: "bar").count == 1)
    #expect(try SVGProbe(histogram([], []).svg()).texts.contains("no data"))
    #expect(try SVGProbe(histogram([1], [4]).svg()).texts.contains("no data"))
  }
}
