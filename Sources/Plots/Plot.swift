/// A picture that can be written to an `.svg` file.
///
/// A plot is a plain value: the numbers to show and the words around them. Drawing it computes
/// nothing but layout, and the same value always gives the same bytes.
package protocol Plot: Sendable {
  /// The heading, one or two lines long; longer headings are cut with "…" in the picture.
  var title: String { get }
  /// The alternative text: what a reader who cannot see the picture should learn from it.
  var description: String { get }
  /// The complete SVG file as text.
  func svg() -> String
}

/// A straight line across a plot that marks one value on an axis, such as a chosen step.
package struct ReferenceLine: Sendable, Equatable {
  /// The marked value, in the units of the axis that the line crosses. A value beyond an axis
  /// with an explicit range is drawn at the edge and labelled "(off scale)"; NaN and infinite
  /// values are not drawn.
  package var position: Double
  /// The words beside the line.
  package var label: String

  /// Marks `position` (in the axis' units) with `label`.
  package init(at position: Double, label: String) {
    self.position = position
    self.label = label
  }
}
