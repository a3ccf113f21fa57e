import GradientCheck

/// What a failing test says: the verdict, what is wrong in one sentence, the worst entries, and the
/// command for more.
package enum FailureMessage {
  /// The most rows of a table: enough to see a pattern, few enough to be read.
  static let rows = 5

  /// - Parameters:
  ///   - result: a check that did not pass.
  ///   - advises: whether to say what can be done about a check that could not tell; who is graded by it cannot do
  ///     that.
  package static func text(for result: CaseResult, advises: Bool = true) -> String {
    let result = result.harmlessCopy
    var lines = ["\(result.verdict.rawValue.uppercased())  \(result.name)"]
    lines += TextReport.wrapped(sentence(for: result), indent: 2)
    if let table = table(result) { lines += [""] + table.lines(indent: 2) + [""] }
    if advises, result.verdict == .inconclusive || result.verdict == .vacuous {
      lines += TextReport.wrapped(
        "A check that \(result.verdict == .vacuous ? "could not have failed" : "could not tell") has "
          + "not passed. Choose another point; or allow it by name, allowing: "
          + "[.\(result.verdict.rawValue)].", indent: 2)
    }
    lines.append("  For more: \(command(result))")
    return lines.joined(separator: "\n")
  }

  /// What is wrong, in one sentence: the most telling finding.
  package static func sentence(for result: CaseResult) -> String {
    CaseSentences.findings(result).first ?? CaseSentences.summary(result)
  }

  /// - Parameter broken: a check that gave no result.
  package static func text(for broken: BrokenCheck) -> String {
    let broken = broken.harmlessCopy
    return (["FAIL  \(broken.name)"] + TextReport.wrapped(broken.sentence, indent: 2))
      .joined(separator: "\n")
  }

  /// The lesson, where the mistake has a name; the report otherwise.
  static func command(_ result: CaseResult) -> String {
    if let lesson = CaseSentences.lessons(result).first { return "swift run \(lesson)" }
    return "TIECHECK_RESULTS=results swift test; swift run tiecheck report --from results"
  }

  // MARK: Tables

  private static func table(_ result: CaseResult) -> TextTable? {
    let tables = [entries(result.gradient), paths(result.tie), movements(result.updates)]
    return tables.first { !$0.rows.isEmpty }
  }

  /// The worst entries: of each tensor its share, so that no tensor is forgotten.
  private static func entries(_ gradient: GradientResult) -> TextTable {
    var table = TextTable([
      ("Worst entries", .left), ("Claimed", .right), ("Measured", .right), ("Bound", .right),
      ("Claimed/measured", .right), ("Verdict", .left),
    ])
    let wrong = gradient.parameters.filter { tensor in
      tensor.reason == nil && tensor.worst.contains { isWrong($0) }
    }
    for tensor in wrong.prefix(rows) {
      for entry in tensor.worst.filter(isWrong).prefix(max(1, rows / wrong.count)) {
        table.rows.append([
          tensor.name + NumberText.index(entry.index), NumberText.value(entry.analytic),
          NumberText.value(entry.numeric), NumberText.error(entry.bound),
          abs(entry.numeric) > entry.bound
            ? NumberText.coefficient(entry.analytic / entry.numeric) : "-",
          entry.verdict.rawValue,
        ])
      }
    }
    return table
  }

  private static func isWrong(_ entry: EntryResult) -> Bool {
    entry.verdict == .fail || entry.verdict == .inconclusive
  }

  private static func paths(_ tie: TieResult) -> TextTable {
    var table = TextTable([
      ("Shared", .left), ("Through", .left), ("Claimed norm", .right), ("Measured norm", .right),
      ("Share", .right), ("Verdict", .left),
    ])
    for group in tie.groups where group.verdict != .pass {
      for path in group.paths {
        table.rows.append([
          group.parameter, path.name, NumberText.value(path.claimedNorm),
          NumberText.value(path.norm), NumberText.value(path.share), path.verdict.rawValue,
        ])
      }
    }
    return table
  }

  private static func movements(_ updates: UpdateResult) -> TextTable {
    var table = TextTable([
      ("Step", .left), ("Parameter", .left), ("Predicted", .right), ("Moved", .right),
      ("Verdict", .left),
    ])
    for optimizer in updates.optimizers where optimizer.verdict == .fail {
      for through in optimizer.through where through.verdict != .pass {
        table.rows.append([
          "through \(through.name) alone", through.parameter,
          NumberText.value(through.predicted), NumberText.value(through.moved),
          through.verdict.rawValue,
        ])
      }
      for step in optimizer.fullStep where step.verdict != .pass {
        table.rows.append([
          "full", step.parameter, "1", NumberText.value(step.ratio), step.verdict.rawValue,
        ])
      }
    }
    table.rows = Array(table.rows.prefix(rows))
    return table
  }
}
