/// Colours, marker shapes and dash patterns.
///
/// The series colours are Okabe and Ito's, which stay distinct for colour-blind readers; their
/// yellow is left out because it vanishes on a light card. Shapes and dashes vary along with the
/// colours, so no meaning rests on colour alone.
package enum Palette {
  /// The background of every picture.
  package static let card = "#fcfcfa"
  /// The thin border of the card.
  package static let cardBorder = "#d0d4d9"
  /// Titles, labels and marks.
  package static let text = "#1f2328"
  /// Subtitles, tick labels and notes.
  package static let mutedText = "#57606a"
  /// Grid lines.
  package static let grid = "#e4e6e8"
  /// Axis lines and ticks.
  package static let axis = "#8c959f"

  /// Blue, vermilion, green, orange, purple, sky blue, black.
  package static let series = [
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000",
  ]

  /// The colour of series `index`; indices beyond the list start over.
  package static func color(_ index: Int) -> String {
    series[wrapped(index, series.count)]
  }

  /// Light text for dark fills, dark text for light fills.
  static func textColor(onSeries index: Int) -> String {
    [0, 1, 2, 6].contains(wrapped(index, series.count)) ? "#ffffff" : text
  }

  static func wrapped(_ index: Int, _ count: Int) -> Int {
    let remainder = index % count
    return remainder < 0 ? remainder + count : remainder
  }
}

/// The shape that marks a data point.
package enum Marker: Int, CaseIterable, Sendable {
  case circle, square, triangle, diamond, invertedTriangle

  /// The shape of series `index`; five shapes against seven colours repeat only after 35 series.
  package init(index: Int) {
    self = Self.allCases[Palette.wrapped(index, Self.allCases.count)]
  }

  /// Draws the shape around (x, y) in pixels; an open one is filled with the card's colour.
  func draw(
    into svg: inout SVGDocument, x: Double, y: Double, color: String, isOpen: Bool = false
  ) {
    let n = SVGDocument.number
    let style = [
      ("class", isOpen ? "marker open" : "marker"), ("fill", isOpen ? Palette.card : color),
      ("stroke", isOpen ? color : Palette.card), ("stroke-width", isOpen ? "1.8" : "1"),
    ]
    func path(_ corners: [(Double, Double)]) -> [(String, String)] {
      let points = corners.map { "\(n(x + $0.0)) \(n(y + $0.1))" }
      return [("d", "M" + points.joined(separator: "L") + "Z")]
    }
    switch self {
    case .circle:
      svg.add("circle", [("cx", n(x)), ("cy", n(y)), ("r", "4.2")] + style)
    case .square:
      svg.add("path", path([(-3.8, -3.8), (3.8, -3.8), (3.8, 3.8), (-3.8, 3.8)]) + style)
    case .triangle:
      svg.add("path", path([(0, -5), (4.9, 3.8), (-4.9, 3.8)]) + style)
    case .diamond:
      svg.add("path", path([(0, -5.4), (5.4, 0), (0, 5.4), (-5.4, 0)]) + style)
    case .invertedTriangle:
      svg.add("path", path([(0, 5), (4.9, -3.8), (-4.9, -3.8)]) + style)
    }
  }
}

/// How a line is broken.
package enum DashPattern: Sendable, Equatable {
  /// Solid where markers tell the series apart or the series is the first; else one pattern per
  /// colour index.
  case automatic
  case solid, dashed, dotted, dashDotted

  /// The SVG dash list, nil for a solid line.
  func svgValue(index: Int, hasMarkers: Bool) -> String? {
    switch self {
    case .solid: return nil
    case .dashed: return "7 4"
    case .dotted: return "2 3"
    case .dashDotted: return "9 3 2 3"
    case .automatic:
      if hasMarkers { return nil }
      return [nil, "7 4", "2 3", "9 3 2 3", "14 4"][Palette.wrapped(index, 5)]
    }
  }
}
