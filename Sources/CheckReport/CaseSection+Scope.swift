import GradientCheck

/// What was checked, and what a check like this would have noticed.
extension CaseSection {
  static func whatWasChecked(_ result: CaseResult) -> [String] {
    let gradient = result.gradient
    let entries = gradient.entries
    var ended = entries.pass > 0 ? ["\(entries.pass) passed"] : []
    if entries.kink > 0 { ended.append("\(entries.kink) accepted at a corner") }
    if entries.inconclusive > 0 { ended.append("\(entries.inconclusive) inconclusive") }
    if entries.fail > 0 { ended.append("\(entries.fail) failed") }
    return [
      "### What was checked",
      Markdown.table(
        [.words("What"), .words("Value")],
        [
          ["Model", Markdown.code(result.model)],
          ["Loss", "\(Markdown.code(result.loss.name)) = \(NumberText.value(result.loss.value))"],
          [
            gradient.mode.directions > 0 ? "Random directions" : "Entries of the gradient",
            "all \(entries.total): \(NumberText.list(ended))"
              + (gradient.mode.directions > 0 ? " (\(Markdown.text(gradient.mode.reason)))" : ""),
          ],
          ["Finite differences", Markdown.text(estimator(gradient.estimator))],
          ["Accepted relative difference (rtol)", NumberText.error(gradient.rtol)],
          ["Evaluations of the loss", String(gradient.evaluations)],
        ]),
    ]
  }

  static func estimator(_ estimator: Estimator) -> String {
    switch estimator {
    case .fivePoint: "five-point rule; GSL's central difference for entries about to fail"
    case .gslCentral, .gslForward, .gslBackward:
      "\(estimator.rawValue); the five-point rule for entries about to fail"
    }
  }

  static func whatWouldHaveBeenNoticed(_ result: CaseResult) -> [String] {
    let gradient = result.gradient
    var points = [
      CaseSentences.sensitivity(gradient),
      "One evaluation of the loss is uncertain by \(NumberText.error(result.loss.noise)) (its noise); "
        + "every error bound below starts from that.",
    ]
    for vacuity in result.vacuous {
      points.append(
        "This point cannot tell" + (vacuity.parameter.isEmpty ? "" : " for \(vacuity.parameter)")
          + ": \(vacuity.hypothesis). It would leave only "
          + "\(NumberText.error(vacuity.effectOverSensitivity)) times the smallest difference that "
          + "can be noticed.")
    }
    for tensor in gradient.parameters where tensor.unused > 0 {
      points.append(
        "\(tensor.unused) of \(NumberText.count(tensor.counts.total, "entry", "entries")) of "
          + "\(tensor.name) did not change the loss by a single bit\(wholeLines(tensor)): on this batch "
          + "they are not used, and a mistake that only they would show is not seen.")
    }
    return [
      "### What would have been noticed",
      points.map { "- " + Markdown.text($0) }.joined(separator: "\n"),
    ] + faults(result.noticed ?? []) + remarks(result.remarks ?? [])
      + notAsked(result.notAsked ?? [])
  }

  static func remarks(_ remarks: [Remark]) -> [String] {
    guard !remarks.isEmpty else { return [] }
    return [
      "### Remarks",
      remarks.map { "- " + Markdown.text(CaseSentences.asSentence($0.sentence)) }
        .joined(separator: "\n"),
    ]
  }

  static func notAsked(_ sentences: [String]) -> [String] {
    guard !sentences.isEmpty else { return [] }
    return [
      "### What was not asked",
      sentences.map { "- " + Markdown.text(CaseSentences.asSentence($0)) }.joined(separator: "\n"),
    ]
  }

  /// Known mistakes, put in at this very point.
  static func faults(_ noticed: [NoticedFault]) -> [String] {
    guard !noticed.isEmpty else { return [] }
    let missed = noticed.count { !$0.convicted }
    return [
      "Would this check have noticed? Each mistake that people have made with models like this was put "
        + "in at this very point (those of a single use, into the last kernel that is shared; encoder "
        + "and decoder in a name are its first and its last use): \(noticed.count - missed) of "
        + "\(noticed.count) are convicted"
        + (missed == 0 ? "." : ", and \(missed) would have gone unseen.")
        + " Where it is a matter of size, the last column says how many times the smallest effect that "
        + "fails it would have had. `tiecheck faults ID` tells more about each.",
      Markdown.table(
        [.words("Mistake"), .words("Check"), .words("Noticed"), .number("Effect / sensitivity")],
        noticed.map { row in
          [
            Markdown.code(row.fault), Markdown.text(row.check),
            row.convicted ? "yes" : "**no**",
            row.effectOverSensitivity.map(NumberText.error) ?? "-",
          ]
        }),
    ]
  }

  /// " (3 whole rows and 1 whole column)".
  static func wholeLines(_ tensor: TensorResult) -> String {
    var lines: [String] = []
    if tensor.unusedRows > 0 { lines.append(NumberText.count(tensor.unusedRows, "whole row")) }
    if tensor.unusedColumns > 0 {
      lines.append(NumberText.count(tensor.unusedColumns, "whole column"))
    }
    return lines.isEmpty ? "" : " (\(NumberText.list(lines)))"
  }
}
