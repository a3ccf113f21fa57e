/// One entry of a legend: a symbol and its name.
struct LegendItem {
  enum Symbol {
    case line(color: String, dash: String?, marker: Marker?)
    case marker(Marker, color: String)
    case swatch(fill: String, overlay: String?)
    case thresholdMark
  }

  var symbol: Symbol
  var name: String

  /// The symbol's width in pixels.
  var symbolWidth: Double {
    switch symbol {
    case .line: 30
    case .marker: 10
    case .swatch: 24
    case .thresholdMark: 14
    }
  }
}

/// Title, subtitle and legend, stacked above the data so that they never cover it.
extension SVGDocument {
  /// Draws the heading from the top of the card and returns the y at which the data may start.
  mutating func addHeader(title: String, subtitle: String?, legend: [LegendItem]) -> Double {
    let limit = width - 40
    var y = 12.0
    for line in TextLayout.wrapped(title, size: 17, limit: limit, isBold: true) {
      y += 22
      text(line, x: 20, y: y - 3, size: 17, isBold: true)
    }
    for line in TextLayout.wrapped(subtitle ?? "", size: 13, limit: limit) {
      y += 18
      text(line, x: 20, y: y - 2, size: 13, color: Palette.mutedText)
    }
    return addLegend(legend, below: y + 6)
  }

  /// Draws the entries side by side, in as many rows as they need.
  private mutating func addLegend(_ items: [LegendItem], below top: Double) -> Double {
    if items.isEmpty { return top + 10 }
    var (x, y) = (20.0, top + 12)
    for item in items {
      let name = TextLayout.truncated(item.name, size: 12, limit: width - 80)
      let itemWidth = item.symbolWidth + 7 + TextLayout.width(name, size: 12)
      if x > 20 && x + itemWidth > width - 20 {
        x = 20
        y += 20
      }
      addSymbol(item.symbol, x: x, y: y)
      text(name, x: x + item.symbolWidth + 7, y: y + 4)
      x += itemWidth + 20
    }
    return y + 20
  }

  /// Draws a legend symbol from `x` on, centred on height `y`.
  private mutating func addSymbol(_ symbol: LegendItem.Symbol, x: Double, y: Double) {
    switch symbol {
    case .line(let color, let dash, let marker):
      line(x, y, x + 30, y, color: color, width: 2, dash: dash)
      marker?.draw(into: &self, x: x + 15, y: y, color: color)
    case .marker(let marker, let color):
      marker.draw(into: &self, x: x + 5, y: y, color: color)
    case .swatch(let fill, let overlay):
      for paint in [fill, overlay].compactMap({ $0 }) {
        rect(x: x, y: y - 6, width: 24, height: 12, fill: paint, more: [("rx", "2")])
      }
    case .thresholdMark:
      rect(
        x: x, y: y - 7, width: 14, height: 14, fill: "none",
        more: [("stroke", Palette.text), ("stroke-width", "1.6")])
      addThresholdDot(x: x + 7, y: y, radius: 2.6)
    }
  }

  /// Says that a plot is empty, centred on (x, y).
  mutating func addNoDataNote(x: Double, y: Double) {
    text(
      "no data", x: x, y: y + 5, size: 14, anchor: .middle, color: Palette.mutedText,
      halo: Palette.card)
  }

  /// A dot with a light rim, visible on every fill.
  mutating func addThresholdDot(x: Double, y: Double, radius: Double) {
    let n = Self.number
    add(
      "circle",
      [
        ("cx", n(x)), ("cy", n(y)), ("r", n(radius)), ("fill", Palette.text),
        ("stroke", "#ffffff"), ("stroke-width", "1"),
      ])
  }
}
