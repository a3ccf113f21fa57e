import PlotsTestSupport
import Testing

@testable import Plots

struct PaletteTests {
  @Test func indicesStartOverInBothDirections() {
    #expect(Palette.color(0) == "#0072B2")
    #expect(Palette.color(7) == Palette.color(0))
    #expect(Palette.color(-1) == Palette.color(6))
    #expect(Marker(index: -1) == .invertedTriangle)
  }

  @Test func colourAndShapeTogetherTellThirtyFiveSeriesApart() {
    let looks = Set((0..<35).map { "\(Palette.color($0)) \(Marker(index: $0))" })
    #expect(looks.count == 35)
  }

  @Test func bareLinesDifferInDash() {
    let dashes = (0..<5).map { DashPattern.automatic.svgValue(index: $0, hasMarkers: false) }
    #expect(Set(dashes).count == 5)
    #expect(DashPattern.automatic.svgValue(index: 3, hasMarkers: true) == nil)
    #expect(DashPattern.dashed.svgValue(index: 0, hasMarkers: true) != nil)
  }

  @Test(arguments: Marker.allCases) func openMarkersAreHollow(marker: Marker) throws {
    var svg = SVGDocument(width: 20, height: 20, title: "t", description: "")
    marker.draw(into: &svg, x: 10, y: 10, color: "#0072B2", isOpen: true)
    let element = try #require(try SVGProbe(svg.render()).elements.last)
    #expect(element.attributes["fill"] == Palette.card)
    #expect(element.attributes["stroke"] == "#0072B2")
  }
}
