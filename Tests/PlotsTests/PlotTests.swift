import Foundation
import Plots
import PlotsTestSupport
import Testing

struct PlotTests {
  private static let words = "r > 1 & \"h\" < ε"

  private static let plots: [any Plot] = [
    LinePlot(
      title: words, subtitle: words, x: Axis(label: words, scale: .log10),
      y: Axis(label: words, scale: .log10),
      series: [LineSeries(name: words, points: (1...40).map { (1 / Double($0), 3 / Double($0)) })],
      verticalLines: [ReferenceLine(at: 0.1, label: words)],
      horizontalLines: [ReferenceLine(at: 0.1, label: words)],
      annotations: [PointAnnotation(x: 0.1, y: 0.3, text: words)], description: words),
    HeatMap(
      title: words, rowLabel: words, columnLabel: words,
      values: (0..<9).map { row in (0..<7).map { sin(Double(row * 7 + $0)) } }, valueLabel: words,
      threshold: 0.5, thresholdLabel: words, description: words),
    BarChart(
      title: words, valueLabel: words, categories: [words],
      series: [BarSeries(name: words, values: [0.62]), BarSeries(name: words, values: [0.38])],
      description: words),
    Histogram(
      title: words, x: Axis(label: words), binEdges: [0, 1, 2], counts: [3, 4],
      verticalLines: [ReferenceLine(at: 1, label: words)], description: words),
  ]

  @Test(arguments: 0..<4) func everyPlotIsWellFormedAndDescribed(index: Int) throws {
    let plot = Self.plots[index]
    let probe = try SVGProbe(plot.svg())
    #expect(probe.elements[0].attributes["role"] == "img")
    #expect(probe.all("title").map(\.text) == [Self.words])
    #expect(probe.all("desc").map(\.text) == [Self.words])
  }

  @Test(arguments: 0..<4) func theSamePlotGivesTheSameBytes(index: Int) {
    let plot = Self.plots[index]
    let first = plot.svg()
    for _ in 0..<5 { #expect(plot.svg() == first) }
  }

  @Test(arguments: 0..<4) func noNumberInAnAttributeIsBroken(index: Int) throws {
    for element in try SVGProbe(Self.plots[index].svg()).elements {
      for value in element.attributes.values {
        #expect(!value.contains("nan") && !value.contains("inf"))
      }
    }
  }
}
