/// A recorded output beside what the cell prints now.
package struct OutputComparison: Sendable {
  let recorded: [String]
  let present: [String]
  private let alignment: Alignment

  /// "..." alone on a line stands for any lines, none included.
  static let elision = "..."

  /// - Parameters:
  ///   - recorded: the lines of an output cell, elisions among them.
  ///   - present: the lines a cell prints.
  package init(recorded: [String], present: [String], tolerance: Tolerance = .exact) {
    self.recorded = recorded
    self.present = present
    // An editor may have left spaces at the ends of lines; nobody sees them.
    let seen = recorded.map { String($0.reversed().drop { $0 == " " }.reversed()) }
    let patterns = seen.map { OutputPattern($0, tolerance: tolerance) }
    alignment = Alignment(
      recorded: recorded.count, present: present.count,
      isElision: { seen[$0].drop { $0 == " " } == Self.elision },
      accepts: { seen[$0] == present[$1] || patterns[$0].accepts(present[$1]) })
  }

  package var isEqual: Bool { alignment.isEqual }

  /// What the output cell should hold: the recorded line wherever it still holds, elisions included.
  package var updated: [String] {
    alignment.pairs.compactMap { pair in
      switch pair {
      case .same(let i, _), .elided(let i, _): recorded[i]
      case .changed(let i, let j): Self.updated(recorded[i], to: present[j])
      case .added(let j): present[j]
      case .removed: nil
      }
    }
  }

  /// A changed line with the elisions that still have a place in it.
  private static func updated(_ recorded: String, to present: String) -> String {
    let parts = recorded.split(separator: OutputPattern.elision, omittingEmptySubsequences: false)
    guard parts.count > 1 else { return present }
    // Character by character; nil is an elision.
    let old = parts.enumerated().flatMap { index, part in
      (index == 0 ? [] : [nil]) + part.map(Optional.some)
    }
    let new = Array(present)
    let alignment = Alignment(
      recorded: old.count, present: new.count, isElision: { old[$0] == nil },
      accepts: { old[$0] == new[$1] })
    return alignment.pairs.map { pair in
      switch pair {
      case .same(_, let j), .changed(_, let j), .added(let j): String(new[j])
      case .elided: OutputPattern.elision
      case .removed: ""
      }
    }.joined()
  }

  /// One line of a difference.
  package struct Line: Equatable, Sendable {
    package enum Kind: Sendable { case same, recorded, present, hint, gap }
    package let kind: Kind
    package let text: String
    /// Its place among the recorded lines, counted from 0; nil for lines that are not there.
    package let recordedLine: Int?

    /// The line as it is shown, with "-" before what is recorded and "+" before what is printed now.
    package var shown: String {
      switch kind {
      case .same, .hint: "    \(text)"
      case .recorded: "  - \(text)"
      case .present: "  + \(text)"
      case .gap: "    (lines that agree)"
      }
    }
  }

  /// The differences, with a line or two around them. Under a changed line, marks where it changed.
  package var differences: [Line] {
    var lines: [Line] = []
    for pair in alignment.pairs {
      switch pair {
      case .same(let i, _), .elided(let i, _):
        lines.append(Line(kind: .same, text: recorded[i], recordedLine: i))
      case .removed(let i):
        lines.append(Line(kind: .recorded, text: recorded[i], recordedLine: i))
      case .added(let j):
        lines.append(Line(kind: .present, text: present[j], recordedLine: nil))
      case .changed(let i, let j):
        lines.append(Line(kind: .recorded, text: recorded[i], recordedLine: i))
        lines.append(Line(kind: .present, text: present[j], recordedLine: nil))
        lines.append(
          Line(kind: .hint, text: Self.marks(recorded[i], present[j]), recordedLine: nil))
      }
    }
    return Self.shortened(lines)
  }

  /// "^" under what is not the same at the beginning and at the end of both.
  private static func marks(_ recorded: String, _ present: String) -> String {
    let (a, b) = (Array(recorded), Array(present))
    var head = 0
    while head < min(a.count, b.count), a[head] == b[head] { head += 1 }
    var tail = 0
    while tail < min(a.count, b.count) - head, a[a.count - 1 - tail] == b[b.count - 1 - tail] {
      tail += 1
    }
    return String(repeating: " ", count: head)
      + String(repeating: "^", count: max(1, b.count - head - tail))
  }

  /// Leaves out what is far from any difference.
  private static func shortened(_ lines: [Line]) -> [Line] {
    let reach = 2
    let isNear = lines.indices.map { i in
      (max(0, i - reach)...min(lines.count - 1, i + reach)).contains { lines[$0].kind != .same }
    }
    var result: [Line] = []
    for (line, isNear) in zip(lines, isNear) {
      if isNear {
        result.append(line)
      } else if result.last?.kind != .gap {
        result.append(Line(kind: .gap, text: "", recordedLine: nil))
      }
    }
    return result
  }
}
