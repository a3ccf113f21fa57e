import GradientCheck

/// What each use of a shared parameter contributes, and whether the contributions add up.
extension CaseSection {
  static func paths(_ result: CaseResult) -> [String] {
    guard result.asks(.ties) else { return [] }
    let tie = result.tie
    var paragraphs = ["### The paths and their sum"]
    if !tie.missing.isEmpty {
      paragraphs.append(
        tie.missing.map { "- **Missing tie:** " + Markdown.text(CaseSentences.asSentence($0)) }
          .joined(separator: "\n"))
    }
    if tie.groups.isEmpty {
      paragraphs.append(
        result.sharesNothing
          ? "No parameter is used more than once: every gradient has one path only, and there is "
            + "no sum to confirm."
          : "Parameters are used more than once, and the paths of their gradients could not be asked "
            + "for.")
    }
    for group in tie.groups { paragraphs += self.paths(group) }
    return paragraphs
  }

  static func paths(_ group: TieGroup) -> [String] {
    // Many uses are told as one where there is nothing to tell apart.
    let areMany = group.uses.count > 3
    let isOneWay = areMany && Set(group.uses.map(\.transposed)).count == 1
    let uses = group.uses.map { use in
      Markdown.code(use.name)
        + (isOneWay ? "" : use.transposed ? " (transposed)" : " (as it is)")
    }
    let way = isOneWay ? ", each time \(group.uses[0].transposed ? "transposed" : "as it is")" : ""
    let name = Markdown.code(group.parameter)
    let identity =
      group.identity?.verdict == .pass
      ? "what is written through one use is read through every other, bit for bit"
      : "what is written through one use is not what every other reads"
    let areAllFollowing = areMany && group.follows.allSatisfy { $0.verdict == .pass }
    let follows =
      areAllFollowing
      ? ["- Every use follows the parameter: pass (its output changes when the parameter does)."]
      : group.follows.map(Self.follows)
    let sum = group.sumRule
    return [
      "#### \(name)",
      "\(name) (\(NumberText.shape(group.shape))) is shared by \(NumberText.list(uses))\(way). Verdict: "
        + "**\(group.verdict.rawValue)**.",
      Markdown.table(
        [
          .words("Path through"), .number("Measured norm"), .number("Claimed norm"),
          .number("Share"), .number("Max relative error"), .words("Claimed against measured"),
        ],
        group.paths.map { path in
          [
            Markdown.code(path.name), NumberText.value(path.norm),
            NumberText.value(path.claimedNorm),
            group.verdict == .vacuous ? "-" : NumberText.value(path.share),
            NumberText.error(path.maxRelativeError), emphasized(path.verdict),
          ]
        }),
      ([
        "- The paths add up to the whole: \(emphasized(sum.verdict)) (largest relative difference "
          + "\(NumberText.error(sum.maxRelativeError)) measured, "
          + "\(NumberText.error(sum.maxClaimedError)) claimed).",
        group.identity.map {
          "- One and the same parameter: \(emphasized($0.verdict)) (\(identity))."
        } ?? "- One and the same parameter: not asked.",
      ] + follows).joined(separator: "\n"),
    ]
  }

  static func follows(_ follows: TieGroup.Follows) -> String {
    let what =
      follows.reason.map { Markdown.text($0) }
      ?? (follows.verdict == .pass ? "its output changes when the parameter does" : "unknown")
    return "- \(Markdown.code(follows.name)) follows the parameter: "
      + "\(emphasized(follows.verdict)) (\(what))."
  }
}
