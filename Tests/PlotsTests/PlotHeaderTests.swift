import Plots
import PlotsTestSupport
import Testing

struct PlotHeaderTests {
  private func plot(title: String, name: String = "s") -> LinePlot {
    LinePlot(
      title: title, subtitle: title, x: Axis(label: "x"), y: Axis(label: "y"),
      series: [LineSeries(name: name, points: [(0, 0), (1, 1)])], description: "d")
  }

  @Test func longTitlesFitTheCardAndStayWholeForScreenReaders() throws {
    let long = String(repeating: "an endless title ", count: 30)
    let probe = try SVGProbe(plot(title: long, name: long).svg())
    #expect(probe.all("title").map(\.text) == [long])
    for text in probe.all("text") where text.attributes["transform"] == nil {
      let size = text.number("font-size")
      let isBold = text.attributes["font-weight"] != nil
      let width = TextLayout.width(text.text, size: size, isBold: isBold)
      if text.attributes["text-anchor"] == nil { #expect(text.number("x") + width <= 720) }
    }
  }

  @Test func aTwoLineTitlePushesTheDataDown() throws {
    let short = try SVGProbe(plot(title: "short").svg()).plotArea()
    let long = try SVGProbe(plot(title: String(repeating: "long title ", count: 12)).svg())
      .plotArea()
    #expect(long.y.lowerBound > short.y.lowerBound + 30)
  }
}
