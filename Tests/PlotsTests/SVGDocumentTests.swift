import Plots
import PlotsTestSupport
import Testing

struct SVGDocumentTests {
  @Test(arguments: [
    (3.0, "3"), (12.5, "12.5"), (0.126, "0.13"), (-0.25, "-0.25"), (1.05, "1.05"),
    (-0.001, "0"), (99.999, "100"), (.nan, "0"), (.infinity, "0"),
  ])
  func coordinatesHaveAtMostTwoDecimals(value: Double, expected: String) {
    #expect(SVGDocument.number(value) == expected)
  }

  @Test func specialCharactersBecomeEntities() {
    #expect(
      SVGDocument.escape("a < b & c > \"d\"\n") == "a &lt; b &amp; c &gt; &quot;d&quot; ")
    #expect(SVGDocument.escape("\u{0}x\u{1B}") == "\u{FFFD}x\u{FFFD}")
  }

  @Test func awkwardTextSurvivesAnXMLParser() throws {
    let words = "|r| > 1 & \"h\" < √ε ]]> 'x'"
    var document = SVGDocument(width: 10, height: 20, title: words, description: words)
    document.text(words, x: 1, y: 2)
    document.add("g", [("data-note", words)])
    let probe = try SVGProbe(document.render())
    #expect(probe.all("title").map(\.text) == [words])
    #expect(probe.all("desc").map(\.text) == [words])
    #expect(probe.texts == [words])
    #expect(probe.all("g")[0].attributes["data-note"] == words)
  }

  @Test func rootCarriesRoleSizeAndCard() throws {
    let document = SVGDocument(width: 300, height: 200.5, title: "name", description: "")
    let probe = try SVGProbe(document.render())
    let root = probe.elements[0]
    #expect(root.attributes["role"] == "img")
    #expect(root.attributes["viewBox"] == "0 0 300 200.5")
    #expect(probe.all("desc").map(\.text) == ["name"], "the title stands in for no description")
    #expect(probe.all("rect").first?.attributes["fill"] == Palette.card)
  }
}
