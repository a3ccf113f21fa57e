import Foundation
import Plots
import PlotsTestSupport
import Testing

struct LinePlotTests {
  private func plot(
    _ points: [(x: Double, y: Double)], style: LineSeries.Style = .lineAndMarkers,
    x: Axis = Axis(label: "x", range: 0...10), y: Axis = Axis(label: "y", range: 0...10)
  ) -> LinePlot {
    LinePlot(
      title: "t", x: x, y: y, series: [LineSeries(name: "", points: points, style: style)],
      description: "d")
  }

  private func circles(_ probe: SVGProbe) -> [SVGProbe.Element] {
    probe.all("circle").filter { $0.class.hasPrefix("marker") }
  }

  @Test func pointsLieWhereTheAxesSay() throws {
    let probe = try SVGProbe(plot([(0, 0), (5, 5), (10, 2.5)]).svg())
    let area = try probe.plotArea()
    let line = try #require(probe.polylinePoints.first)
    let width = area.x.upperBound - area.x.lowerBound
    let height = area.y.upperBound - area.y.lowerBound
    for (point, fraction) in zip(line, [(0.0, 0.0), (0.5, 0.5), (1, 0.25)]) {
      #expect(abs(point.x - area.x.lowerBound - fraction.0 * width) < 0.02)
      #expect(abs(area.y.upperBound - point.y - fraction.1 * height) < 0.02)
    }
  }

  @Test func pointsBeyondTheAxesStayInsideWithOpenMarkers() throws {
    let wild: [(Double, Double)] = [(-5, 5), (5, 1e300), (5, -1e300), (99, 99), (5, 5)]
    let probe = try SVGProbe(plot(wild.map { (x: $0.0, y: $0.1) }).svg())
    let area = try probe.plotArea()
    #expect(circles(probe).map(\.class).filter { $0 == "marker open" }.count == 4)
    #expect(circles(probe).count == 5)
    for point in probe.polylinePoints.joined() {
      #expect(area.x.contains(point.x) && area.y.contains(point.y))
    }
    #expect(probe.texts.contains { $0.hasPrefix("Open markers") })
  }

  @Test func zeroOnALogAxisIsAnOpenMarkerOnTheBottomEdge() throws {
    let log = Axis(label: "error", scale: .log10)
    let probe = try SVGProbe(plot([(1, 1e-3), (5, 0), (6, -2), (9, 1)], y: log).svg())
    let open = circles(probe).filter { $0.class == "marker open" }
    #expect(open.count == 2)
    let bottom = try probe.plotArea().y.upperBound
    #expect(open.allSatisfy { abs($0.number("cy") - bottom) < 0.02 })
  }

  @Test func plainDataHaveNoNoteAboutOpenMarkers() throws {
    let probe = try SVGProbe(plot([(1, 1), (5, 5)]).svg())
    #expect(!probe.texts.contains { $0.hasPrefix("Open markers") })
  }

  @Test func nanBreaksTheLine() throws {
    let probe = try SVGProbe(
      plot([(0, 1), (1, 1), (2, .nan), (3, 1), (4, 1), (5, .infinity), (6, 1)]).svg())
    #expect(probe.polylinePoints.map(\.count) == [2, 2])
    #expect(circles(probe).count == 5)
  }

  @Test func aLonePointOfABareLineIsStillVisible() throws {
    #expect(circles(try SVGProbe(plot([(5, 5)], style: .line).svg())).count == 1)
    #expect(circles(try SVGProbe(plot([(5, 5), (6, 6)], style: .line).svg())).isEmpty)
  }

  @Test func crowdedMarkersAreThinnedOnlyAlongALine() throws {
    let points = (0...1000).map { (x: Double($0) / 100, y: 5.0) }
    #expect(circles(try SVGProbe(plot(points).svg())).count < 100)
    #expect(circles(try SVGProbe(plot(points, style: .markers).svg())).count == 1001)
  }

  @Test func emptyAndDegenerateDataAreDrawn() throws {
    let log = Axis(label: "l", scale: .log10)
    for points in [[], [(x: Double.nan, y: 1.0)], [(x: 0, y: 0)], [(x: -1, y: -1)]] {
      for axis in [Axis(label: "x"), log] {
        let probe = try SVGProbe(plot(points, x: axis, y: axis).svg())
        #expect(!probe.texts.contains("NaN"))
      }
    }
    let empty = LinePlot(
      title: "", x: log, y: log, series: [], description: "")
    #expect(try SVGProbe(empty.svg()).texts.contains("no data"))
  }

  @Test func theLegendStandsAboveTheData() throws {
    let names = (0..<12).map { "series number \($0) with a long name" }
    let many = LinePlot(
      title: "t", x: Axis(label: "x"), y: Axis(label: "y"),
      series: names.map { LineSeries(name: $0, points: [(0, 0), (1, 1)]) }, description: "d")
    let probe = try SVGProbe(many.svg())
    let area = try probe.plotArea()
    for name in names { #expect(try probe.text(name).number("y") < area.y.lowerBound) }
    #expect(area.y.upperBound - area.y.lowerBound >= 200, "the data keep their room")
  }

  @Test func colourIndexChoosesColourAndShape() throws {
    let series = LineSeries(name: "", points: [(1, 1), (2, 2)], colorIndex: 1)
    let one = LinePlot(
      title: "t", x: Axis(label: "x"), y: Axis(label: "y"), series: [series], description: "d")
    let probe = try SVGProbe(one.svg())
    #expect(probe.all("polyline").map { $0.attributes["stroke"] } == [Palette.color(1)])
    #expect(circles(probe).isEmpty, "series 1 is marked by squares")
  }
}
