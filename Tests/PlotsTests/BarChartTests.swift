import Plots
import PlotsTestSupport
import Testing

struct BarChartTests {
  private func chart(
    _ values: [[Double]], _ arrangement: BarChart.Arrangement, categories: [String] = ["a", "b"]
  ) -> BarChart {
    BarChart(
      title: "t", valueLabel: "share", categories: categories,
      series: values.enumerated().map { BarSeries(name: "s\($0.offset)", values: $0.element) },
      arrangement: arrangement, description: "d")
  }

  /// The bars without the stripes drawn over them.
  private func bars(_ probe: SVGProbe) -> [SVGProbe.Element] {
    probe.all("rect", class: "bar").filter { $0.attributes["fill"]?.hasPrefix("#") == true }
  }

  @Test func lengthsAreInProportion() throws {
    let probe = try SVGProbe(chart([[0.5, 1]], .grouped).svg())
    let widths = bars(probe).map { $0.number("width") }
    #expect(widths.count == 2 && abs(widths[1] - 2 * widths[0]) < 0.03)
    #expect(probe.texts.contains("0.5") && probe.texts.contains("1"))
  }

  @Test func negativeBarsPointLeft() throws {
    let probe = try SVGProbe(chart([[1.4, -0.4]], .grouped).svg())
    let found = bars(probe)
    #expect(abs(found[1].number("x") + found[1].number("width") - found[0].number("x")) < 0.02)
    let label = try probe.text("−0.4")
    #expect(label.number("x") < found[1].number("x") && label.attributes["text-anchor"] == "end")
  }

  @Test func stackedPiecesMeetEndToEnd() throws {
    let probe = try SVGProbe(chart([[0.62, 1.4], [0.38, -0.4]], .stacked).svg())
    let found = bars(probe)
    let end = found[0].number("x") + found[0].number("width")
    #expect(abs(end - found[1].number("x")) < 0.02, "0.38 continues 0.62")
    #expect(
      abs(found[3].number("x") + found[3].number("width") - found[2].number("x")) < 0.02,
      "−0.4 points away from 1.4")
    for value in ["0.62", "0.38", "1.4", "−0.4"] { #expect(probe.texts.contains(value)) }
  }

  @Test func negativePiecesStackApartFromPositiveOnes() throws {
    let probe = try SVGProbe(
      chart([[-0.4], [1.4], [-0.6]], .stacked, categories: ["a"]).svg())
    let found = bars(probe)
    let ends = found.map { $0.number("x") + $0.number("width") }
    #expect(abs(ends[0] - found[1].number("x")) < 0.02, "1.4 starts where −0.4 started: at zero")
    #expect(abs(ends[2] - found[0].number("x")) < 0.02, "−0.6 continues −0.4")
  }

  @Test func valuesOfTooShortPiecesStandAtTheRowsEnd() throws {
    let probe = try SVGProbe(chart([[0.001, 0.5], [0.999, 0.5]], .stacked).svg())
    #expect(probe.texts.contains("0.001 | 0.999"))
    #expect(!probe.texts.contains("0.999"))
  }

  @Test func nonFiniteValuesAreWordsWithoutABar() throws {
    for arrangement in [BarChart.Arrangement.grouped, .stacked] {
      let probe = try SVGProbe(chart([[.nan, 1], [.infinity]], arrangement).svg())
      #expect(probe.texts.contains { $0.contains("NaN") })
      #expect(probe.texts.contains { $0.contains("∞") })
      #expect(bars(probe).filter { $0.number("width") > 0 }.count == 1)
    }
  }

  @Test func seriesDifferInStripesToo() throws {
    let probe = try SVGProbe(chart([[1, 1], [1, 1], [1, 1]], .grouped).svg())
    let overlays = Set(
      probe.all("rect", class: "bar").compactMap { $0.attributes["fill"] }
        .filter { $0.hasPrefix("url") })
    #expect(overlays == ["url(#stripes1)", "url(#stripes2)"])
    #expect(
      Set(probe.all("pattern").compactMap { $0.attributes["id"] }) == ["stripes1", "stripes2"])
  }

  @Test func everyBarAndLabelFitsTheCard() throws {
    let long = String(repeating: "category ", count: 12)
    let values = [[-123_456_789.0, 5e-9], [987_654_321, -1]]
    for arrangement in [BarChart.Arrangement.grouped, .stacked] {
      let probe = try SVGProbe(chart(values, arrangement, categories: [long, "b"]).svg())
      for bar in bars(probe) {
        #expect(bar.number("x") >= 20 && bar.number("x") + bar.number("width") <= 700)
      }
      for text in probe.all("text") where text.attributes["text-anchor"] == nil {
        let width = TextLayout.width(text.text, size: text.number("font-size"))
        #expect(text.number("x") + width <= 720, "\(text.text)")
      }
    }
  }

  @Test func emptyChartsSaySo() throws {
    #expect(try SVGProbe(chart([], .grouped).svg()).texts.contains("no data"))
    #expect(try SVGProbe(chart([], .stacked, categories: []).svg()).texts.contains("no data"))
  }
}
