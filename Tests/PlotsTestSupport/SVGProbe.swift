import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Reads an SVG file back: its elements in order, each with attributes and text.
package final class SVGProbe: NSObject, XMLParserDelegate {
  package struct Element {
    package var name: String
    package var attributes: [String: String]
    package var text = ""

    package func number(_ attribute: String) -> Double {
      Double(attributes[attribute] ?? "") ?? .nan
    }
    package var `class`: String { attributes["class"] ?? "" }
  }

  package private(set) var elements: [Element] = []
  private var open: [Int] = []

  /// Fails the test if `svg` is not well-formed XML.
  package init(_ svg: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(
      parser.parse(), "not well-formed: \(String(describing: parser.parserError))",
      sourceLocation: sourceLocation)
  }

  package func all(_ name: String, class wanted: String? = nil) -> [Element] {
    elements.filter { $0.name == name && (wanted == nil || $0.class == wanted) }
  }

  package var texts: [String] { all("text").map(\.text) }

  package func text(_ string: String) throws -> Element {
    try #require(all("text").first { $0.text == string }, "no text \(string) in \(texts)")
  }

  /// The rectangle that bounds the data.
  package func plotArea() throws -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
    let area = try #require(all("rect", class: "plot-area").first)
    let (x, y) = (area.number("x"), area.number("y"))
    return (x...(x + area.number("width")), y...(y + area.number("height")))
  }

  /// The corners of all polylines.
  package var polylinePoints: [[(x: Double, y: Double)]] {
    all("polyline").map { line in
      (line.attributes["points"] ?? "").split(separator: " ").map { pair in
        let parts = pair.split(separator: ",").map { Double($0) ?? .nan }
        return (parts[0], parts[1])
      }
    }
  }

  package func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
    qualifiedName qName: String?, attributes attributeDict: [String: String] = [:]
  ) {
    open.append(elements.count)
    elements.append(Element(name: elementName, attributes: attributeDict))
  }

  package func parser(_ parser: XMLParser, foundCharacters string: String) {
    if let index = open.last { elements[index].text += string }
  }

  package func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
    qualifiedName qName: String?
  ) {
    open.removeLast()
  }
}
