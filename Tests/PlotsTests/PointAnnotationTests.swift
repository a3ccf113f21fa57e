import PlotsTestSupport
import Testing

@testable import Plots

struct PointAnnotationTests {
  private let area = PlotArea(left: 0, top: 0, right: 400, bottom: 300)

  private func point(_ x: Double, _ y: Double) -> PlacedPoint {
    PlacedPoint(x: x, y: y, isClipped: false)
  }

  @Test(arguments: [(0.0, 0.0), (400, 0), (0, 300), (400, 300), (200, 150)])
  func theTextStaysInsideThePlot(x: Double, y: Double) {
    let box = AnnotationLayout.place(
      width: 120, at: point(x, y), area: area, avoiding: [], and: [])
    #expect(box.x - 60 >= 0 && box.x + 60 <= 400)
    #expect(box.y - 10 >= 0 && box.y + 10 <= 300)
  }

  @Test func theTextAvoidsDataAndOtherTexts() {
    let line = AnnotationLayout.samples(along: [point(0, 300), point(400, 0)])
    let first = AnnotationLayout.place(
      width: 80, at: point(200, 150), area: area, avoiding: line, and: [])
    #expect(
      !line.contains {
        abs($0.x - first.x) < first.halfWidth && abs($0.y - first.y) < first.halfHeight
      })
    let second = AnnotationLayout.place(
      width: 80, at: point(200, 150), area: area, avoiding: line, and: [first])
    #expect(!second.overlap(first))
  }

  @Test func aLineIsSampledBetweenItsPoints() {
    let samples = AnnotationLayout.samples(along: [point(0, 0), point(60, 0), point(60, 12)])
    #expect(samples.count == 1 + 10 + 2)
    #expect(samples.last?.y == 12)
    #expect(AnnotationLayout.samples(along: []).isEmpty)
  }

  @Test func theWordsAreDrawnAndNaNIsSkipped() throws {
    let plot = LinePlot(
      title: "t", x: Axis(label: "x"), y: Axis(label: "y"), series: [],
      annotations: [
        PointAnnotation(x: 1, y: 2, text: "here"), PointAnnotation(x: .nan, y: 2, text: "nowhere"),
      ], description: "d")
    let texts = try SVGProbe(plot.svg()).texts
    #expect(texts.contains("here") && !texts.contains("nowhere"))
  }
}
