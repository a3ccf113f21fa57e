import Foundation

/// Builds the text of one SVG picture, element by element, in drawing order.
///
/// The picture paints its own light card, so it reads the same on a light and on a dark page.
/// All lengths are in pixels, with the origin at the top left corner and y pointing down.
package struct SVGDocument: Sendable {
  /// The picture's width in pixels.
  package var width: Double
  /// The picture's height in pixels; may still change while elements are added.
  package var height: Double
  /// The accessible name of the picture.
  package let title: String
  /// The alternative text; the title stands in for it when it is empty.
  package let description: String

  private var definitions: [String] = []
  private var elements: [String] = []

  /// Where a text's position lies along the text.
  package enum Anchor: String, Sendable {
    case start, middle, end
  }

  /// An empty card of the given size in pixels.
  package init(width: Double, height: Double, title: String, description: String) {
    self.width = width
    self.height = height
    self.title = title
    self.description = description
  }

  /// Appends one element. Attribute values and text are escaped here, nowhere else.
  package mutating func add(
    _ name: String, _ attributes: [(String, String)], text: String? = nil
  ) {
    elements.append(Self.element(name, attributes, text: text))
  }

  /// Adds a square tile of diagonal stripes to be used as `fill="url(#id)"`.
  package mutating func defineStripes(
    id: String, size: Double, angle: Double, color: String, opacity: Double = 1,
    background: String? = nil
  ) {
    let n = Self.number
    let ground = background.map {
      Self.element("rect", [("width", n(size)), ("height", n(size)), ("fill", $0)])
    }
    let stripe = Self.element(
      "rect",
      [
        ("width", n(size / 3)), ("height", n(size)), ("fill", color), ("fill-opacity", n(opacity)),
      ])
    definitions.append(
      "<pattern id=\"\(Self.escape(id))\" width=\"\(n(size))\" height=\"\(n(size))\" "
        + "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(\(n(angle)))\">"
        + (ground ?? "") + stripe + "</pattern>")
  }

  /// Draws a straight line; `dash` is an SVG dash pattern, nil for a solid line.
  package mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, color: String, width: Double = 1,
    dash: String? = nil
  ) {
    let n = Self.number
    var attributes = [
      ("x1", n(x1)), ("y1", n(y1)), ("x2", n(x2)), ("y2", n(y2)),
      ("stroke", color), ("stroke-width", n(width)),
    ]
    if let dash { attributes.append(("stroke-dasharray", dash)) }
    add("line", attributes)
  }

  /// Draws an axis-parallel rectangle; `more` holds further attributes.
  package mutating func rect(
    x: Double, y: Double, width: Double, height: Double, fill: String,
    more: [(String, String)] = []
  ) {
    let n = Self.number
    add(
      "rect",
      [("x", n(x)), ("y", n(y)), ("width", n(width)), ("height", n(height)), ("fill", fill)] + more)
  }

  /// Writes one line of text with its baseline at `y`.
  ///
  /// - Parameters:
  ///   - size: the font size in pixels.
  ///   - isVertical: turns the text to read from bottom to top.
  ///   - halo: paints an outline of this colour behind the letters, to part them from lines.
  package mutating func text(
    _ string: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .start,
    color: String = Palette.text, isBold: Bool = false, isVertical: Bool = false,
    halo: String? = nil
  ) {
    let n = Self.number
    var attributes = [("x", n(x)), ("y", n(y)), ("font-size", n(size)), ("fill", color)]
    if anchor != .start { attributes.append(("text-anchor", anchor.rawValue)) }
    if isBold { attributes.append(("font-weight", "600")) }
    if isVertical { attributes.append(("transform", "rotate(-90 \(n(x)) \(n(y)))")) }
    if let halo {
      attributes += [
        ("stroke", halo), ("stroke-width", "4"), ("stroke-linejoin", "round"),
        ("paint-order", "stroke"),
      ]
    }
    add("text", attributes, text: string)
  }

  /// The whole file: a root element with `role="img"`, the alternative text, the card, and the
  /// elements in the order in which they were added.
  package func render() -> String {
    let n = Self.number
    let root =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(n(width))\" height=\"\(n(height))\" "
      + "viewBox=\"0 0 \(n(width)) \(n(height))\" role=\"img\" "
      + "font-family=\"\(Self.fontFamily)\">"
    let card = Self.element(
      "rect",
      [
        ("x", "0.5"), ("y", "0.5"), ("width", n(width - 1)), ("height", n(height - 1)),
        ("rx", "8"), ("fill", Palette.card), ("stroke", Palette.cardBorder),
      ])
    var lines = [
      root, Self.element("title", [], text: title),
      Self.element("desc", [], text: description.isEmpty ? title : description),
    ]
    if !definitions.isEmpty { lines.append("<defs>" + definitions.joined() + "</defs>") }
    lines.append(card)
    lines += elements
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The fonts to try, in order; no font is embedded.
  package static let fontFamily =
    "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

  /// A coordinate with at most two decimals and no trailing zeros: 12.5, 3, -0.25.
  /// NaN and infinite values give 0, so that the file stays valid.
  package static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let (whole, part) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    if part == 0 { return "\(sign)\(whole)" }
    if part % 10 == 0 { return "\(sign)\(whole).\(part / 10)" }
    return "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
  }

  /// Makes text safe inside XML: the four special characters become entities, line breaks and
  /// tabs become spaces, and characters that XML 1.0 forbids become U+FFFD.
  package static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\r", "\t": result += " "
      case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func element(
    _ name: String, _ attributes: [(String, String)], text: String? = nil
  ) -> String {
    let list = attributes.map { " \($0.0)=\"\(escape($0.1))\"" }.joined()
    guard let text else { return "<\(name)\(list)/>" }
    return "<\(name)\(list)>\(escape(text))</\(name)>"
  }
}
