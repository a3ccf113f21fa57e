import Plots
import PlotsTestSupport
import Testing

struct HeatMapTests {
  private func map(
    _ values: [[Double]], scale: ColorScale = ColorScale(range: 0...1), threshold: Double? = nil
  ) -> HeatMap {
    HeatMap(
      title: "t", values: values, valueLabel: "v", scale: scale, threshold: threshold,
      thresholdLabel: "outside", description: "d")
  }

  private func cells(_ probe: SVGProbe) -> [SVGProbe.Element] { probe.all("path", class: "cells") }

  @Test func eachColourIsOnePathAndNeighboursAreMerged() throws {
    let probe = try SVGProbe(map([[0, 0, 1], [1, 1, 1]]).svg())
    #expect(cells(probe).map { $0.attributes["fill"] } == ["#440154", "#fde725"])
    let rectangles = cells(probe).map { ($0.attributes["d"] ?? "").count { $0 == "M" } }
    #expect(rectangles == [1, 2])
  }

  @Test func missingCellsAreStripedAndExplained() throws {
    for values in [[[0, .nan]], [[0, 1], [1]]] {
      let probe = try SVGProbe(map(values).svg())
      #expect(cells(probe).contains { $0.attributes["fill"] == "url(#missing)" })
      #expect(probe.texts.contains("no value (NaN)"))
    }
    #expect(!(try SVGProbe(map([[0, 1]]).svg())).texts.contains("no value (NaN)"))
  }

  @Test func cellsBeyondTheThresholdHaveDotsAndOneOutline() throws {
    let probe = try SVGProbe(map([[0, 2, -2], [1, .nan, 0]], threshold: 1).svg())
    let area = try probe.plotArea()
    let dots = probe.all("circle").filter {
      area.x.contains($0.number("cx")) && area.y.contains($0.number("cy"))
    }
    #expect(dots.count == 2, "1 itself and NaN are not beyond 1")
    let outline = try #require(probe.all("path", class: "threshold").first?.attributes["d"])
    #expect(outline.count { $0 == "M" } == 6, "two cells side by side share one outline")
    #expect(probe.texts.contains("outside"))
  }

  @Test func withoutExceedanceThereIsNoOutline() throws {
    #expect(
      try SVGProbe(map([[0, 1]], threshold: 1).svg()).all("path", class: "threshold").isEmpty)
  }

  @Test func infiniteCellsCountAsBeyondRangeAndThreshold() throws {
    let probe = try SVGProbe(map([[.infinity, 0]], threshold: 1).svg())
    #expect(probe.all("path", class: "beyond").count == 1)
    #expect(!probe.all("path", class: "threshold").isEmpty)
  }

  @Test func valuesOutsideTheRangePointTheColourBar() throws {
    #expect(try SVGProbe(map([[-1, 2]]).svg()).all("path", class: "beyond").count == 2)
    #expect(try SVGProbe(map([[0, 1]]).svg()).all("path", class: "beyond").isEmpty)
  }

  @Test func smallImagesAreSetApartAndCounted() throws {
    var tiled = map((0..<4).map { row in (0..<9).map { Double(row * $0) / 24 } })
    tiled.tile = HeatMap.Tile(rows: 2, columns: 3)
    let probe = try SVGProbe(tiled.svg())
    let area = try probe.plotArea()
    let lines = probe.all("line").filter { $0.attributes["stroke-width"] == "1.6" }
    let across = lines.filter { $0.number("y1") == $0.number("y2") }
    let down = lines.filter { $0.number("x1") == $0.number("x2") }
    #expect(across.count == 1 && down.count == 2)
    #expect(lines.allSatisfy { area.x.contains($0.number("x1")) })
    #expect(
      probe.texts.filter { ["0", "1", "2", "3", "8"].contains($0) }.sorted() == [
        "0", "0", "1", "1", "2",
      ])
    let size = (area.x.upperBound - area.x.lowerBound, area.y.upperBound - area.y.lowerBound)
    #expect(abs(size.0 / 9 - size.1 / 4) < 1e-9, "cells are square")
  }

  @Test func aLargeMatrixHasWholePixelsAndAModestFile() throws {
    let values = (0..<256).map { row in (0..<256).map { Double((row * $0) % 251) / 250 } }
    let svg = map(values, threshold: 0.9).svg()
    #expect(svg.utf8.count < 2_000_000)
    let area = try SVGProbe(svg).plotArea()
    #expect(area.x.upperBound - area.x.lowerBound == 512)
    #expect(area.y.upperBound - area.y.lowerBound == 512)
  }

  @Test(arguments: [(1, 1), (1, 64), (64, 1), (3, 300), (0, 0), (2, 0)])
  func everyShapeFitsItsCard(rows: Int, columns: Int) throws {
    let values = Array(repeating: Array(repeating: 0.5, count: columns), count: rows)
    let probe = try SVGProbe(map(values, threshold: 0.1).svg())
    let area = try probe.plotArea()
    #expect(area.x.lowerBound > 0 && area.x.upperBound < probe.elements[0].number("width"))
    #expect(area.y.lowerBound > 0 && area.y.upperBound < probe.elements[0].number("height"))
    #expect(probe.texts.contains("no data") == (columns == 0))
  }

  @Test func indicesAreThinned() throws {
    let probe = try SVGProbe(map(Array(repeating: Array(repeating: 0, count: 64), count: 64)).svg())
    let indices = probe.texts.filter { Int($0) != nil }
    #expect(indices.contains("60") && !indices.contains("1"))
  }
}
