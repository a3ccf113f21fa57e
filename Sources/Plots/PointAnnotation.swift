/// A few words pinned to a point of a `LinePlot`.
package struct PointAnnotation: Sendable, Equatable {
  /// The point's place on the horizontal axis, in the axis' units.
  package var x: Double
  /// The point's place on the vertical axis, in the axis' units.
  package var y: Double
  /// The words, one short line.
  package var text: String

  /// Pins `text` to (`x`, `y`); not drawn if a coordinate is NaN or infinite.
  package init(x: Double, y: Double, text: String) {
    self.x = x
    self.y = y
    self.text = text
  }
}

/// Finds room for annotations beside the data.
enum AnnotationLayout {
  /// A text's rectangle, its centre first, in pixels.
  struct Box {
    var x: Double
    var y: Double
    var halfWidth: Double
    var halfHeight = 10.0

    func overlap(_ other: Box) -> Bool {
      abs(x - other.x) < halfWidth + other.halfWidth
        && abs(y - other.y) < halfHeight + other.halfHeight
    }
  }

  /// The points of a run and points every few pixels between them.
  static func samples(along run: [PlacedPoint]) -> [PlacedPoint] {
    zip(run, run.dropFirst()).reduce(into: Array(run.prefix(1))) { samples, pair in
      let (a, b) = pair
      let pieces = max(1, Int(max(abs(b.x - a.x), abs(b.y - a.y)) / 6))
      for piece in 1...pieces {
        let t = Double(piece) / Double(pieces)
        samples.append(
          PlacedPoint(x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y), isClipped: false))
      }
    }
  }

  /// The box around `point` that hides the least data, stays inside `area` if it can and prefers
  /// to be close.
  static func place(
    width: Double, at point: PlacedPoint, area: PlotArea, avoiding obstacles: [PlacedPoint],
    and taken: [Box]
  ) -> Box {
    var best = (cost: Double.infinity, box: Box(x: point.x, y: point.y, halfWidth: width / 2))
    for distance in [22.0, 40, 64] {
      for (dx, dy) in [
        (1.0, -1.0), (-1, -1), (1, 1), (-1, 1), (0, -1), (0, 1), (1, 0), (-1, 0),
      ] {
        let x = point.x + dx * (width / 2 + (dy == 0 ? distance : distance / 2))
        let box = Box(x: x, y: point.y + dy * distance, halfWidth: width / 2 + 4)
        let hidden = obstacles.count {
          abs($0.x - box.x) < box.halfWidth && abs($0.y - box.y) < box.halfHeight
        }
        let isOutside =
          box.x - box.halfWidth < area.left || box.x + box.halfWidth > area.right
          || box.y - box.halfHeight < area.top || box.y + box.halfHeight > area.bottom
        let cost =
          Double(hidden) * 10 + (isOutside ? 1e4 : 0) + distance / 10
          + (taken.contains { $0.overlap(box) } ? 1e3 : 0)
        if cost < best.cost { best = (cost, box) }
      }
    }
    return best.box
  }
}

extension SVGDocument {
  /// Draws a ring around each annotated point, its text nearby, and a thin leader between them.
  mutating func addAnnotations(
    _ annotations: [PointAnnotation], in frame: PlotFrame, avoiding obstacles: [PlacedPoint]
  ) {
    var taken: [AnnotationLayout.Box] = []
    for annotation in annotations {
      guard let point = frame.place(annotation.x, annotation.y) else { continue }
      let label = TextLayout.truncated(
        annotation.text, size: 12, limit: (frame.area.right - frame.area.left) / 2)
      let box = AnnotationLayout.place(
        width: TextLayout.width(label, size: 12), at: point, area: frame.area,
        avoiding: obstacles, and: taken)
      taken.append(box)
      let endX = min(max(point.x, box.x - box.halfWidth + 6), box.x + box.halfWidth - 6)
      let endY = min(max(point.y, box.y - 7), box.y + 7)
      line(point.x, point.y, endX, endY, color: Palette.mutedText)
      let n = Self.number
      add(
        "circle",
        [
          ("cx", n(point.x)), ("cy", n(point.y)), ("r", "7"), ("fill", "none"),
          ("stroke", Palette.text), ("stroke-width", "1.2"),
        ])
      text(label, x: box.x, y: box.y + 4, anchor: .middle, halo: Palette.card)
    }
  }
}
