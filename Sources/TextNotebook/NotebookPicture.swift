/// A picture that a cell made, an SVG file beside its notebook.
package struct NotebookPicture: Equatable, Sendable {
  /// The file's name.
  package let name: String
  package let svg: String

  /// What a line of an output begins with that stands for a picture.
  static let mark = "picture "

  var line: String { Self.mark + name }

  /// What the picture says of itself, or its name.
  var title: String {
    guard let start = svg.firstRange(of: "<title>"),
      let end = svg[start.upperBound...].firstRange(of: "</title>")
    else { return name }
    let title = svg[start.upperBound..<end.lowerBound]
    return title.isEmpty ? name : String(title)
  }

  /// Compared as the output is: exactly, or with a tolerance for its numbers.
  func isSame(as saved: String, _ tolerance: Tolerance) -> Bool {
    func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
    return saved == svg
      || OutputComparison(recorded: lines(saved), present: lines(svg), tolerance: tolerance).isEqual
  }
}

extension StepRun {
  /// Whether a saved picture may stand for one that the step has made, with the tolerance of the step's
  /// output.
  package func isSame(_ picture: NotebookPicture, as saved: String) -> Bool {
    picture.isSame(as: saved, step.output?.options.tolerance ?? .exact)
  }
}

extension Notebook {
  /// What its pictures' names begin with: the name up to the first "-", such as "01", and the
  /// language of a translation, as in "03.zh".
  package var number: String {
    let parts = stem.split(separator: ".", maxSplits: 1).map(String.init)
    let name = parts.first ?? stem
    let number = name.split(separator: "-").first.map(String.init) ?? name
    return parts.count > 1 ? "\(number).\(parts[1])" : number
  }
}
